/**
 * The front door: the only Worker with routes. It decides whose host was asked, who asks, how often they may, and which domain
 * answers; it parses no body, rewrites no path, and holds no data.
 */
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Refusal } from "../../shared/contracts/problems";
import { problemResponse } from "../../shared/http/problem";
import { finish } from "./answer";
import { optionsResponse } from "./cors";
import { principalOf } from "./credentials";
import { destinationOf, site } from "./dispatch";
import { type Host, hostOf } from "./hosts";
import { spend } from "./rate-limits";
import { sweepAll } from "./sweep";
import { traceparentOf } from "./trace";

interface Trace {
  requestId: string;
  traceparent: string;
}

async function route(request: Request, env: GatewayEnv, trace: Trace): Promise<Response> {
  const refused = (refusal: Refusal) =>
    finish(problemResponse(refusal, trace.requestId), trace.requestId, trace.traceparent, null);
  const url = new URL(request.url);
  const host = await hostOf(url.hostname, env, Date.now());
  if (host.kind === "unknown") return refused({ code: "not_found" });
  const destination = (await destinationOf(request, env)) ?? (host.kind === "organizer" ? site : undefined);
  if (!destination) return refused({ code: "not_found" });
  if (request.method === "OPTIONS") return finish(optionsResponse(), trace.requestId, trace.traceparent, null);
  const principal = await principalOf(request, host.kind === "api" ? env.ISSUER : url.host, env);
  const address = request.headers.get("cf-connecting-ip") ?? "127.0.0.1";
  const { allowed, policy } = await spend(destination.routeClass, principal, address, env);
  if (!allowed) {
    return finish(
      problemResponse({ code: "rate_limited", retryAfterSeconds: 60 }, trace.requestId),
      trace.requestId,
      trace.traceparent,
      policy,
    );
  }
  const answer = await destination.answer(forwarded(request, host, JSON.stringify(principal), address, trace), env);
  return finish(answer, trace.requestId, trace.traceparent, policy);
}

/** The request as it came, but for the headers that only this house may set (rule 1): whatever a client sent under them is gone. */
function forwarded(request: Request, host: Host, principal: string, address: string, trace: Trace): Request {
  const headers = new Headers(request.headers);
  for (const name of [...headers.keys()]) if (name.startsWith("x-bilten-")) headers.delete(name);
  headers.set(INTERNAL_HEADERS.principal, principal);
  headers.set(INTERNAL_HEADERS.address, address);
  if (host.kind === "organizer") headers.set(INTERNAL_HEADERS.organizer, host.organizerId);
  headers.set("x-request-id", trace.requestId);
  headers.set("traceparent", trace.traceparent);
  return new Request(request, { headers });
}

export default {
  async fetch(request, env) {
    const trace: Trace = { requestId: crypto.randomUUID(), traceparent: traceparentOf(request) };
    try {
      return await route(request, env, trace);
    } catch (error) {
      console.error(
        JSON.stringify({
          level: "error",
          requestId: trace.requestId,
          message: error instanceof Error ? error.message : String(error),
        }),
      );
      return finish(problemResponse({ code: "unavailable" }, trace.requestId), trace.requestId, trace.traceparent, null);
    }
  },
  scheduled(_controller, env, ctx) {
    ctx.waitUntil(sweepAll(env));
  },
} satisfies ExportedHandler<GatewayEnv>;
