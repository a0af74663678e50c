/** The one request that comes by the hundred thousand goes to its domain by RPC (workers/events/hold-door.ts says why). */
import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { Principal } from "../../shared/contracts/principal";
import { finish, type Stamp } from "../../shared/http/finish";
import { problemResponse } from "../../shared/http/problem";
import { answered } from "./siblings";

const PATH = /^(?:\/v1)?\/events\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/holds$/;
/** Twenty lines with their seats; a larger body is the route's. */
const MAX_PLAIN_BYTES = 16 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Null where it is not UTF-8. By RPC a text costs less than its bytes (seen). */
function textOf(bytes: ArrayBuffer): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

interface Asked {
  path: string;
  principal: Principal;
  address: string;
}

/**
 * The event, where the request is as plain as nearly all are: short, of announced length, without a key to remember, by anybody good who
 * may hold at every organizer's events.
 */
function eventOfPlainHold({ method, headers }: Request, { path, principal }: Asked): string | undefined {
  if (method !== "POST" || principal.kind === "refused" || headers.has("idempotency-key")) return undefined;
  if (principal.kind === "user" && principal.organizerHost) return undefined;
  const length = headers.get("content-length");
  return length !== null && Number(length) <= MAX_PLAIN_BYTES ? PATH.exec(path)?.[1] : undefined;
}

/** The answer; or the request to hand to the domain's route, which decides whatever this door does not. */
export async function placePlainHold(request: Request, asked: Asked, env: GatewayEnv, stamp: Stamp): Promise<Response | Request> {
  const eventId = eventOfPlainHold(request, asked);
  if (eventId === undefined) return request;
  const { principal, address } = asked;
  const { requestId } = stamp;
  const bytes = await request.arrayBuffer();
  const body = textOf(bytes);
  if (body === null) return new Request(request, { body: bytes });
  const events: Pick<EventsRpc, "placePlainHold"> = env.EVENTS;
  const placed = await answered(events.placePlainHold({ eventId, principal, address, body, requestId }));
  if (placed === null) return new Request(request, { body: bytes });
  if (!placed.ok) return finish(problemResponse(placed.error, requestId), stamp);
  return finish(new Response(placed.value, { status: 201, headers: { "content-type": "application/json" } }), stamp);
}
