/**
 * The front door: the only Worker with routes. It decides whose host was asked, who asks, how often they may, and which domain
 * answers; it parses no body, rewrites no path, and holds no data.
 */
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { finish, isSecure, type Stamp } from "../../shared/http/finish";
import { isForPeople } from "../../shared/http/navigation";
import { problemResponse } from "../../shared/http/problem";
import { addressOf, clientAddressOf } from "./address";
import { answerToCookie } from "./cookie-sessions";
import { optionsResponse } from "./cors";
import { principalOf, readerOf } from "./credentials";
import type { After } from "./deny-list";
import { destinationOf, siteOf } from "./dispatch";
import { frontPage, isGoing } from "./front-page";
import { type Host, hostOf, isApiHost } from "./hosts";
import { TooManyLookUps } from "./look-ups";
import { placePlainHold } from "./plain-holds";
import { spend } from "./rate-limits";
import { SiblingDown } from "./siblings";
import { sorryResponse } from "./sorry";
import { sweepAll } from "./sweep";
import { traceparentOf } from "./trace";

const refused = (refusal: Refusal, stamp: Stamp): Response => finish(problemResponse(refusal, stamp.requestId), stamp);

/** Until the minute that the limits count is surely another one. */
const LIMITED: Refusal = { code: "rate_limited", retryAfterSeconds: 60 };

/** What is no page's fault: to a person who goes to one it is told in words. */
async function refusedNow(request: Request, env: GatewayEnv, refusal: Refusal, stamp: Stamp): Promise<Response> {
  const { hostname, path } = addressOf(request.url);
  const isPage = isForPeople(request) && !isApiHost(hostname, env) && !(await destinationOf(request, path, env));
  return isPage ? finish(sorryResponse(request, refusal), stamp) : refused(refusal, stamp);
}

async function route(request: Request, env: GatewayEnv, after: After, stamp: Stamp): Promise<Response> {
  const asked = addressOf(request.url);
  const address = clientAddressOf(request);
  const host = await hostOf(asked.hostname, address, env, Date.now());
  if (host.kind === "limited") return refusedNow(request, env, LIMITED, stamp);
  if (host.kind === "unknown")
    return isGoing(request) ? finish(frontPage(request, "unknown"), stamp) : refused({ code: "not_found" }, stamp);
  const door = await destinationOf(request, asked.path, env);
  const destination = door ?? (host.kind === "organizer" ? siteOf(request) : undefined);
  if (!destination)
    return asked.path === "/" && isGoing(request)
      ? finish(frontPage(request, "api"), stamp)
      : refused({ code: "not_found" }, stamp);
  if (request.method === "OPTIONS") return finish(optionsResponse(), stamp);
  const made =
    host.kind === "api" ? { audience: env.ISSUER, organizerId: null } : { audience: asked.host, organizerId: host.organizerId };
  const isPage = door === undefined && !request.headers.has("authorization");
  const principal = isPage ? readerOf(request) : await principalOf(request, made, env, after, destination);
  const { allowed, policy } = await spend(destination.routeClass, principal, { address, method: request.method }, env);
  const limited: Stamp = { ...stamp, ratePolicy: policy };
  if (!allowed) return refusedNow(request, env, LIMITED, limited);
  const context = { principal, requestId: stamp.requestId };
  if (destination.own) return finish(await destination.answer(request, env, context), limited);
  const rest = await placePlainHold(request, { path: asked.path, principal, address }, env, limited);
  if (rest instanceof Response) return rest;
  const answer = await destination.answer(forwarded(rest, host, principal, address, limited), env, context);
  return answerToCookie(answer, principal);
}

/** The request as it came, but for the headers that only this house may set (rule 1): whatever a client sent under them is gone. */
function forwarded(request: Request, host: Host, principal: Principal, address: string, stamp: Stamp): Request {
  const copy = new Request(request);
  const { headers } = copy;
  for (const name of request.headers.keys()) if (name.startsWith("x-bilten-")) headers.delete(name);
  // No header is nobody.
  if (principal.kind !== "anonymous") headers.set(INTERNAL_HEADERS.principal, JSON.stringify(principal));
  headers.set(INTERNAL_HEADERS.address, address);
  if (host.kind === "organizer") headers.set(INTERNAL_HEADERS.organizer, host.organizerId);
  headers.set("x-request-id", stamp.requestId);
  if (stamp.traceparent) headers.set("traceparent", stamp.traceparent);
  if (stamp.ratePolicy) headers.set(INTERNAL_HEADERS.ratePolicy, stamp.ratePolicy);
  return copy;
}

export default {
  async fetch(request, env, ctx) {
    const stamp: Stamp = {
      requestId: crypto.randomUUID(),
      traceparent: traceparentOf(request),
      ratePolicy: null,
      secure: isSecure(request),
    };
    try {
      return await route(request, env, ctx, stamp);
    } catch (error) {
      if (error instanceof TooManyLookUps) return refusedNow(request, env, LIMITED, stamp);
      const { message } = error instanceof SiblingDown && error.cause instanceof Error ? error.cause : { message: String(error) };
      console.error(JSON.stringify({ level: "error", requestId: stamp.requestId, message }));
      return refusedNow(request, env, { code: error instanceof SiblingDown ? "unavailable" : "internal" }, stamp);
    }
  },
  scheduled(_controller, env, ctx) {
    ctx.waitUntil(sweepAll(env));
  },
} satisfies ExportedHandler<GatewayEnv>;
