import { expect, test } from "vitest";
import { addressOf } from "../../workers/gateway/address";
import { destinationOf, siteOf } from "../../workers/gateway/dispatch";
import { PER_MINUTE } from "../../workers/gateway/rate-limits";
import { traceparentOf } from "../../workers/gateway/trace";

/** An environment whose doors answer their own names. */
const envOf = (ENVIRONMENT: string) =>
  new Proxy({} as GatewayEnv, {
    get: (_, name) => (name === "ENVIRONMENT" ? ENVIRONMENT : { fetch: async () => new Response(String(name)) }),
  });

async function doorOf(path: string, ENVIRONMENT = "production"): Promise<string | undefined> {
  const env = envOf(ENVIRONMENT);
  const request = new Request(`https://api.bilten.example${path}`);
  const destination = await destinationOf(request, `${ENVIRONMENT}:${path}`, env);
  return destination && (await destination.answer(request, env, { principal: { kind: "anonymous" }, requestId: "1" })).text();
}

test("each path goes to its domain, with and without /v1", async () => {
  const doors = {
    "/auth/login": "AUTH_HTTP",
    "/.well-known/jwks.json": "AUTH_HTTP",
    "/users/profile": "USERS_HTTP",
    "/organizers": "USERS_HTTP",
    "/events": "EVENTS_HTTP",
    "/events/1/holds/2": "EVENTS_HTTP",
    "/events/search": "SEARCH_HTTP",
    "/search": "SEARCH_HTTP",
    "/tickets/1": "EVENTS_HTTP",
    "/orders/1": "PAYMENTS_HTTP",
    "/payments/webhooks/stripe": "PAYMENTS_HTTP",
    "/payouts": "PAYMENTS_HTTP",
    "/notifications/history": "NOTIFICATIONS_HTTP",
    "/branding/settings/1": "BRANDING_HTTP",
    "/analytics/events/1/summary": "ANALYTICS_HTTP",
    "/docs": "SITES_HTTP",
  };
  for (const [path, door] of Object.entries(doors)) {
    expect(await doorOf(path), path).toBe(door);
    expect(await doorOf(`/v1${path}`), path).toBe(door);
  }
});

test("what only looks like a prefix has no door", async () => {
  for (const path of ["/", "/authx", "/v2/events", "/v1", "/v1/v1/events", "/eventss", "/searching"]) {
    expect(await doorOf(path), path).toBeUndefined();
  }
});

test("/dev/* has doors in development only", async () => {
  for (const path of ["/dev/outbox", "/dev/accounts/a/role", "/dev/test-provider/x", "/v1/dev/outbox"]) {
    expect(await doorOf(path, "development"), path).toBeDefined();
    expect(await doorOf(path), path).toBeUndefined();
  }
});

test("a caller's trace goes on with a span of ours, a broken one begins anew", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const of = (traceparent: string) => traceparentOf(new Request("https://api.bilten.example/", { headers: { traceparent } }));
  expect(of(`00-${traceId}-00f067aa0ba902b7-01`)).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  for (const broken of ["", "nonsense", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `00-${traceId}`]) {
    expect(of(broken), broken).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(of(broken)).not.toContain("0".repeat(32));
  }
});

test("a request's address is read off its URL", () => {
  expect(addressOf("http://demo.localhost:8787/v1/events?q=a/b?c")).toEqual({
    host: "demo.localhost:8787",
    hostname: "demo.localhost",
    path: "/v1/events",
  });
  expect(addressOf("https://api.bilten.example/")).toEqual({
    host: "api.bilten.example",
    hostname: "api.bilten.example",
    path: "/",
  });
  expect(addressOf("http://[::1]:8787/health")).toMatchObject({ hostname: "[::1]", path: "/health" });
});

test("forms on pages are counted by themselves, as a whole mobile network may stand behind one address", () => {
  const classOf = (method: string) => siteOf(new Request("https://demo.bilten.example/e/1", { method })).routeClass;
  expect([classOf("GET"), classOf("POST")]).toEqual(["api", "forms"]);
  expect(PER_MINUTE.production.forms).toBeGreaterThanOrEqual(10 * PER_MINUTE.production.orders);
});
