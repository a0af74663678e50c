import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { type House, startHouse } from "../support/harness";
import { createOrganizer, openBoxOffice, PASSWORD, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const NOBODY = "00000000-0000-4000-8000-000000000000";

test("/health names every Worker and is ok", async () => {
  const Health = z.object({ status: z.literal("ok"), services: z.record(z.string(), z.literal("ok")) });
  const { services } = parse(Health, await api.get("/health"), 200);
  expect(Object.keys(services).sort()).toEqual(
    ["analytics", "auth", "branding", "events", "gateway", "notifications", "payments", "search", "sites", "users"].sort(),
  );
});

describe("what the gateway refuses", () => {
  test("an unknown path is a 404 problem before any credential is looked at", async () => {
    for (const path of ["/nowhere", "/v1/nowhere", "/", "/authx", "/auth/nowhere", "/events/a/b/c/d"]) {
      const answer = await api.get(path, { token: "forged" });
      expect(parse(ProblemBody, answer, 404).code, path).toBe("not_found");
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("a known path with another method is a 405 that names the methods, before any credential is looked at", async () => {
    const answer = await api.delete("/v1/orders", { token: "forged" });
    expect(parse(ProblemBody, answer, 405).code).toBe("method_not_allowed");
    expect(answer.headers.get("allow")).toContain("POST");
  });

  test("a body above 1 MiB is a 413 before the credential, with a length or without one", async () => {
    const huge = JSON.stringify({ filler: "x".repeat(1024 * 1024) });
    expect(parse(ProblemBody, await api.send("POST", "/orders", huge, { token: "forged" }), 413).code).toBe("payload_too_large");
    const chunked = await fetch(`${api.origin}/events`, {
      method: "POST",
      headers: { authorization: "Bearer forged" },
      body: new Blob([huge]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(ProblemBody.parse(await chunked.json()).code).toBe("payload_too_large");
  });

  test("a bad credential is a 401 with WWW-Authenticate, on public paths too", async () => {
    for (const token of ["forged", "a.b.c", "bk_live_unknown"]) {
      for (const path of [`/events/${NOBODY}`, "/users/profile"]) {
        const answer = await api.get(path, { token });
        expect(parse(ProblemBody, answer, 401).code).toBe("credential_invalid");
        expect(answer.headers.get("www-authenticate")).toContain("Bearer");
      }
    }
  });

  test("a host that is nobody's is a 404", async () => {
    expect(parse(ProblemBody, await api.get("/health", { host: "nobody-here.localhost" }), 404).code).toBe("not_found");
    expect(parse(ProblemBody, await api.get("/events", { host: "evil.example" }), 404).code).toBe("not_found");
  });
});

test("nothing that a client sends under x-bilten-* reaches a domain", async () => {
  const box = await openBoxOffice(api);
  const claimed = JSON.stringify({
    kind: "user",
    userId: box.owner.user.id,
    sessionId: NOBODY,
    role: "admin",
    authTimeMs: Date.now(),
    organizerHost: false,
  });
  const forged = { "x-bilten-principal": claimed, "X-Bilten-Organizer": box.organizer.id, "x-bilten-address": "10.0.0.1" };
  parse(ProblemBody, await api.get("/users/profile", { headers: forged }), 401);
  parse(ProblemBody, await api.put(`/events/${box.event.id}`, { title: "Mine now" }, { headers: forged }), 401);
  // A session made here is the API's own, whatever organizer's host the header claims.
  const login = await api.post("/auth/login", { email: box.owner.email, password: PASSWORD }, { headers: forged });
  const { accessToken } = parse(z.object({ accessToken: z.string() }), login, 200);
  parse(
    z.looseObject({ id: z.literal(box.owner.user.id) }),
    await api.get(`/users/${box.owner.user.id}`, { token: accessToken }),
    200,
  );
});

test("the gateway's own pages are read only, by anybody with a good credential or none", async () => {
  for (const path of ["/health", "/v1/openapi.json"]) {
    const answer = await api.delete(path);
    expect(parse(ProblemBody, answer, 405).code).toBe("method_not_allowed");
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    expect(parse(ProblemBody, await api.get(path, { token: "forged" }), 401).code).toBe("credential_invalid");
  }
});

test("every answer carries its id, its trace, the security headers and the rate limit's policy", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const paths = [
    `/events/${NOBODY}`,
    "/health",
    "/.well-known/jwks.json",
    `/organizers/${NOBODY}`,
    `/orders/${NOBODY}`,
    `/branding/settings/${NOBODY}`,
    "/events/search?q=jazz",
    `/analytics/events/${NOBODY}/summary`,
    "/dev/outbox",
    "/nowhere",
  ];
  for (const path of paths) {
    const { headers } = await api.get(path, {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, "x-request-id": "mine" },
    });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("traceparent")).toContain(traceId);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    if (path !== "/nowhere") expect(headers.get("ratelimit-policy")).toMatch(/^"(api|orders)";q=\d+;w=60$/);
  }
  const problem = await api.get(`/events/${NOBODY}`);
  expect(parse(ProblemBody, problem, 404).requestId).toBe(problem.headers.get("x-request-id"));
});

test("a browser's preflight is answered for every method and header that the API takes", async () => {
  const answer = await api.send("OPTIONS", "/v1/orders", undefined, {
    headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("access-control-allow-methods")).toContain("PUT");
  expect(answer.headers.get("access-control-allow-headers")).toContain("idempotency-key");
});

test("a URL of 40 kB is answered like any other", async () => {
  expect((await api.get(`/events?organizerId=${"x".repeat(40_000)}`)).status).toBe(400);
});

test("the API answers on an organizer's host as on its own, and a session made there works there only", async () => {
  const owner = await registerAndLogin(api, { name: "Olga Owner" });
  const organizer = await createOrganizer(owner);
  const host = `${organizer.slug}.localhost`;
  expect((await api.get(`/events?organizerId=${organizer.id}`, { host })).status).toBe(200);
  const login = await api.post("/auth/login", { email: owner.email, password: PASSWORD }, { host });
  const { accessToken } = parse(z.object({ accessToken: z.string() }), login, 200);
  expect((await api.get(`/orders/user/${owner.user.id}`, { host, token: accessToken })).status).toBe(200);
  expect(parse(ProblemBody, await api.get("/users/profile", { token: accessToken }), 401).code).toBe("credential_invalid");
  expect(parse(ProblemBody, await api.get("/users/profile", { host, token: accessToken }), 403).code).toBe("main_host_required");
  expect(parse(ProblemBody, await api.get("/users/profile", { host, token: owner.tokens.accessToken }), 401).code).toBe(
    "credential_invalid",
  );
});

describe("in production", () => {
  let house: House;
  const production = { ENVIRONMENT: "production" };
  beforeAll(async () => {
    house = await startHouse({
      sweeps: false,
      vars: {
        gateway: { ...production, ISSUER: "http://127.0.0.1" },
        auth: { ...production, ISSUER: "http://127.0.0.1" },
        users: production,
        events: production,
        branding: production,
        payments: production,
        search: production,
        analytics: production,
        notifications: production,
        sites: production,
      },
    });
  });
  afterAll(() => house?.stop());

  test("there is no /dev/*, at the gateway or behind it", async () => {
    const live = connect(house.origin);
    for (const path of ["/dev/outbox?to=a@b.example", "/dev/accounts/a@b.example/role", "/dev/test-provider/x"]) {
      expect(parse(ProblemBody, await live.get(path), 404).code, path).toBe("not_found");
      expect(parse(ProblemBody, await live.post(path, {}), 404).code, path).toBe("not_found");
    }
    const document = parse(z.object({ paths: z.record(z.string(), z.unknown()) }), await live.get("/openapi.json"), 200);
    expect(Object.keys(document.paths).filter((path) => path.startsWith("/dev"))).toEqual([]);
    expect(Object.keys(document.paths)).toContain("/orders");
  });

  test("there is no demo data: the demo's accounts cannot sign in", async () => {
    const login = { email: "admin@bilten.example", password: "correct-horse-battery" };
    expect(parse(ProblemBody, await connect(house.origin).post("/auth/login", login), 401).code).toBe("invalid_credentials");
  });

  test("a webhook of provider test is refused, whoever signed it", async () => {
    const answer = await connect(house.origin).post("/payments/webhooks/test", { id: "evt_1" });
    expect(parse(ProblemBody, answer, 400).code).toBe("invalid_signature");
  });

  test("a domain Worker that is called past the gateway answers 404 to everything", async () => {
    for (const domain of [
      "auth",
      "users",
      "events",
      "payments",
      "notifications",
      "branding",
      "search",
      "analytics",
      "sites",
    ] as const) {
      for (const path of ["/", "/events", "/orders", "/health", "/organizers", "/.well-known/jwks.json"]) {
        const answer = await house.worker(domain).fetch(`http://127.0.0.1${path}`);
        expect(answer.status, `${domain} ${path}`).toBe(404);
      }
    }
  });

  test("limits hold: the sixty-first order of a minute from one address is a 429 with Retry-After", async () => {
    const live = connect(house.origin);
    const statuses: number[] = [];
    for (let request = 0; request < 61; request++) statuses.push((await live.post("/orders", {})).status);
    expect(statuses.slice(0, 60)).toEqual(Array(60).fill(400));
    const answer = await live.post("/orders", {});
    expect(parse(ProblemBody, answer, 429).code).toBe("rate_limited");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.headers.get("ratelimit-policy")).toBe('"orders";q=60;w=60');
  });
});
