/** Lets a listener in: who may is decided here, before the upgrade; which shard has room the shards themselves say. */
import { FEED_SHARDS, JOINING_HEADER, type Joining, shardName } from "../../shared/contracts/feed";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { readSnapshot } from "./availability";
import type { Env } from "./environment";
import { holderOf } from "./holder";
import { isInsiderOf } from "./members";

/** What a listener who finds all places taken is told to wait, in seconds. */
const FULL_FOR_SECONDS = 10;
/** Shards that may break before the listener is told so: what breaks them may be what they all ask. */
const MAX_BROKEN = 2;

export type JoinRefusal = Refusal<"event_not_found" | "event_state" | "overloaded">;

/** RFC 6455, 4.2.1: a token, in any case. */
export const wantsWebSocket = (upgrade: string | undefined): boolean => upgrade?.trim().toLowerCase() === "websocket";

/** The 101 with the client's end of the socket, to be passed on as it is. */
export async function joinFeed(
  env: Env,
  principal: Principal,
  address: string,
  eventId: string,
): Promise<Result<Response, JoinRefusal>> {
  const visible = await readSnapshot(env, principal, eventId);
  if (!visible.ok) return visible;
  const insider = await isInsiderOf(env, principal, eventId);
  // A test run has one address (API.md, *Local run*).
  const network = env.ENVIRONMENT === "development" ? null : (await holderOf(env.HOLD_KEY, null, address)).key;
  const first = Math.floor(Math.random() * FEED_SHARDS);
  let broken = 0;
  for (let tried = 0; tried < FEED_SHARDS; tried++) {
    try {
      const answer = await knock(env, { eventId, shard: (first + tried) % FEED_SHARDS, insider, network });
      if (answer.status === 101) return ok(answer);
      if (answer.status === 404) return refuse({ code: "event_not_found" });
      if (answer.status === 409) return refuse({ code: "event_state", detail: "The event is not published yet." });
    } catch (error) {
      broken += 1;
      if (broken === MAX_BROKEN) throw error;
    }
  }
  return refuse({ code: "overloaded", detail: "As many listen as may.", retryAfterSeconds: FULL_FOR_SECONDS });
}

const knock = (env: Env, joining: Joining): Promise<Response> =>
  env.AVAILABILITY_FEED.get(env.AVAILABILITY_FEED.idFromName(shardName(joining.eventId, joining.shard))).fetch(
    new Request("https://feed/", { headers: { upgrade: "websocket", [JOINING_HEADER]: JSON.stringify(joining) } }),
  );
