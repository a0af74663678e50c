import { type Context, Hono } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import type { H, RouterRoute } from "hono/types";
import { getPath } from "hono/utils/url";
import { INTERNAL_HEADERS } from "../contracts/internal-headers";
import type { Refusal } from "../contracts/problems";
import { type ErrorContext, reportError } from "../observability/report";
import { finish, isSecure } from "./finish";
import { isPage } from "./operation";
import { Problem, problemResponse } from "./problem";

/** What every domain's environment has, whatever else it binds. */
export interface DomainBindings {
  ENVIRONMENT: string;
  SENTRY_DSN?: string;
}

/** `c.env` is the domain's own generated type. */
// biome-ignore lint/complexity/noBannedTypes: hono's own name for "nothing set"
export type DomainContext<Bindings extends DomainBindings> = Context<{ Bindings: Bindings; Variables: {} }>;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const READING = ["GET", "HEAD"];

/** What hono registers for each handler of a route. */
type Registered = [handler: H, route: RouterRoute];

/** hono's own default, without the pages of the document, which stand on the route's line to be read only. */
class ServingRouter extends SmartRouter<Registered> {
  constructor() {
    super({ routers: [new RegExpRouter(), new TrieRouter()] });
  }

  override add(method: string, path: string, registered: Registered): void {
    if (!isPage(registered[1].handler)) super.add(method, path, registered);
  }
}

/** `/v1/x` and `/x` are one route; nothing is mounted twice. */
const withoutVersion = (request: Request): string => {
  const path = getPath(request);
  return path.startsWith("/v1/") ? path.slice(3) : path;
};

export const requestIdOf = (request: Request): string => request.headers.get("x-request-id") ?? "unknown";

interface AppOptions<Bindings extends DomainBindings> {
  /** What a reader sees where there is no such page; without it, and for every other method, a 404 is a problem. */
  missingPage?: (c: Context<{ Bindings: Bindings }>) => Promise<Response>;
}

/** A domain's hono app: knows `/v1`, answers 404, 405 and every thrown thing as a problem. */
export function domainApp<Bindings extends DomainBindings>({
  missingPage,
}: AppOptions<Bindings> = {}): Hono<{
  Bindings: Bindings;
}> {
  const app = new Hono<{ Bindings: Bindings }>({ getPath: withoutVersion, router: new ServingRouter() });
  app.notFound((c) => {
    const path = withoutVersion(c.req.raw);
    const allowed = METHODS.filter((method) => app.router.match(method, path)[0].length > 0);
    if (allowed.length === 0 && missingPage && READING.includes(c.req.method)) return missingPage(c);
    if (allowed.length === 0) return problemResponse({ code: "not_found" }, requestIdOf(c.req.raw));
    if (allowed.includes("GET")) allowed.push("HEAD");
    return problemResponse({ code: "method_not_allowed" }, requestIdOf(c.req.raw), { allow: allowed.join(", ") });
  });
  app.onError((error, c) => {
    const requestId = requestIdOf(c.req.raw);
    // Most are refusals, which need nothing of the invocation; tests answer them without one.
    if (error instanceof Problem) return problemResponse(error.refusal, requestId);
    const where = { requestId, method: c.req.method, path: withoutVersion(c.req.raw) };
    return problemResponse(refusalOf(error, c.env, c.executionCtx, where), requestId);
  });
  return app;
}

/** What whoever asked hears of a thrown thing; a bug is reported. */
export function refusalOf(
  error: unknown,
  env: DomainBindings,
  ctx: Pick<ExecutionContext, "waitUntil">,
  where: ErrorContext,
): Refusal {
  if (error instanceof Problem) return error.refusal;
  const { overloaded, retryable } = (error instanceof Error ? error : {}) as { overloaded?: boolean; retryable?: boolean };
  // The runtime marks what an object or a sibling could not take now; a client may come again (rule 25).
  if (overloaded) return { code: "overloaded", retryAfterSeconds: 1 };
  reportError(error, env, ctx, where);
  return retryable ? { code: "unavailable", retryAfterSeconds: 1 } : { code: "internal" };
}

const FETCH_CALLERS: readonly unknown[] = ["gateway", "sites"];

/**
 * A domain's fetch door. A Worker without routes is reachable all the same when somebody misconfigures it; only the gateway's and
 * sites' bindings carry these props, so anybody else hears 404 before any routing (rule 1).
 */
export function serve<Bindings extends DomainBindings>(app: {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response>;
}) {
  return async (request: Request, env: Bindings, ctx: ExecutionContext): Promise<Response> => {
    const props: unknown = ctx.props;
    const caller = typeof props === "object" && props !== null && "caller" in props ? props.caller : undefined;
    if (!FETCH_CALLERS.includes(caller)) return problemResponse({ code: "not_found" }, requestIdOf(request));
    const answer = await app.fetch(request, env, ctx);
    return finish(answer, {
      requestId: requestIdOf(request),
      traceparent: request.headers.get("traceparent"),
      ratePolicy: request.headers.get(INTERNAL_HEADERS.ratePolicy),
      secure: isSecure(request),
    });
  };
}
