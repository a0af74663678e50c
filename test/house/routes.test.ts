/** Every route has a guard on its line and a page in the document; the two sets are equal. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import { uniqueSymbol } from "hono-openapi";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { PERMISSIONS } from "../../shared/contracts/organizers";
import { ROOT, readWorkers } from "../../shared/scripts/configurations";

interface Route {
  domain: string;
  method: string;
  /** In OpenAPI's spelling. */
  path: string;
}

const Media = z.looseObject({
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.unknown()).optional(),
  schema: z.unknown(),
});
const Parameter = z.looseObject({
  name: z.string(),
  in: z.string(),
  required: z.boolean().optional(),
  example: z.unknown().optional(),
});
const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  "x-permission": z.string(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), Media) }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: z.record(z.string(), Media).optional() })),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

const PROBLEM = "application/problem+json";
const key = ({ method, path }: { method: string; path: string }): string => `${method.toUpperCase()} ${path}`;
const openapiPath = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");

interface Line {
  /** Each leaves its permission where the document is written from. */
  guards: number;
  /** How many stand before the first guard, and are no page of the document, which no request passes through. */
  before: number;
}

/** What stands on each route's line. */
async function linesOf(app: Pick<Hono, "routes">): Promise<Map<string, Line>> {
  const { isPage } = await import("../../shared/http/operation");
  const lines = new Map<string, Line>();
  for (const { method, path, handler } of app.routes) {
    const name = key({ method, path: openapiPath(path) });
    const line = lines.get(name) ?? { guards: 0, before: 0 };
    lines.set(name, line);
    const said = JSON.stringify((handler as { [uniqueSymbol]?: { spec?: object } })[uniqueSymbol]?.spec ?? {});
    if (said.includes('"x-permission"')) line.guards += 1;
    else if (line.guards === 0 && !isPage(handler)) line.before += 1;
  }
  return lines;
}

/** What gives back the memory that a large body took, however its request ends: it lets every request through. */
const BOUNDED = ["POST /branding/assets", "POST /events/seat-maps"];

const routes: Route[] = [];
/** Pages and files for people, which are no operations. */
const pages: Route[] = [];
const lines = new Map<string, Line>();
const operations: { route: Route; described: unknown }[] = [];

beforeAll(async () => {
  // Within the test, because a Worker's own environment types make its app unassignable to a general one.
  const { openapiOf } = await import("../../shared/http/operation");
  for (const { domain, folder } of readWorkers()) {
    const file = join(ROOT, folder, "routes.ts");
    if (domain === "gateway" || !existsSync(file)) continue;
    const { app }: { app: Hono<{ Bindings: { ENVIRONMENT: string } }> } = await import(file);
    for (const [name, line] of await linesOf(app)) lines.set(domain === "sites" ? `${name} of a site` : name, line);
    const seen = new Set<string>();
    for (const { method, path } of app.routes) {
      const route = { domain, method, path: openapiPath(path) };
      if (!seen.has(key(route))) (domain === "sites" ? pages : routes).push(route);
      seen.add(key(route));
    }
    if (domain === "sites") continue;
    const { paths } = Document.parse(JSON.parse(await openapiOf(app)));
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, described] of Object.entries(methods)) operations.push({ route: { domain, method, path }, described });
    }
  }
});

test("the route table and the document are equal sets", () => {
  expect(routes.length).toBeGreaterThan(30);
  expect(operations.map(({ route }) => key(route)).sort()).toEqual(routes.map(key).sort());
});

test("each route, a page's too, has exactly one guard on its line, and one without or with two would be noticed", async () => {
  const { anyone, requireUser } = await import("../../shared/http/guards");
  const wrong = new Hono()
    .get("/none", (c) => c.text(""))
    .get("/one", anyone(), (c) => c.text(""))
    .get("/two", anyone(), requireUser(), (c) => c.text(""));
  expect([...(await linesOf(wrong))].map(([name, { guards }]) => [name, guards])).toEqual([
    ["GET /none", 0],
    ["GET /one", 1],
    ["GET /two", 2],
  ]);
  expect(pages.length).toBeGreaterThan(20);
  expect(lines.size).toBe(routes.length + pages.length);
  expect([...lines].filter(([, { guards }]) => guards !== 1)).toEqual([]);
});

test("the guard is what a request meets first, so that nobody hears 400 who may not", async () => {
  const { requireUser } = await import("../../shared/http/guards");
  const { form, NoBody } = await import("../../shared/http/form");
  const { operation } = await import("../../shared/http/operation");
  const page = operation({ operationId: "wrong", summary: "Wrong", tags: ["wrong"], answers: {} });
  const wrong = new Hono()
    .post("/form", page, form(NoBody), requireUser(), (c) => c.text(""))
    .post("/guard", page, requireUser(), form(NoBody), (c) => c.text(""));
  expect([...(await linesOf(wrong))].map(([name, { before }]) => [name, before])).toEqual([
    ["POST /form", 1],
    ["POST /guard", 0],
  ]);
  const late = [...lines].filter(([name, { before }]) => before !== (BOUNDED.includes(name) ? 1 : 0));
  expect(late).toEqual([]);
});

test("each permission is one of the table, and none of the table is needed nowhere", () => {
  const needed = new Set(operations.map(({ described }) => Operation.parse(described)["x-permission"]));
  const others = ["anyone", "credential", "user", "admin", "development"];
  expect([...needed].filter((permission) => !others.includes(permission)).sort()).toEqual(Object.keys(PERMISSIONS).sort());
});

test("no two Workers answer one path", () => {
  expect(routes.map(key).filter((route, index, all) => all.indexOf(route) !== index)).toEqual([]);
});

test("the gateway brings each operation to the Worker that documents it, and answers its own three", async () => {
  const { destinationOf } = await import("../../workers/gateway/dispatch");
  const { ownPaths } = await import("../../workers/gateway/own-operations");
  const doorsAsked: string[] = [];
  const env = new Proxy({} as GatewayEnv, {
    get(_, name) {
      if (name === "ENVIRONMENT") return "development";
      doorsAsked.push(String(name));
      return { fetch: async () => new Response(null) };
    },
  });
  const ask = async (path: string) => {
    doorsAsked.length = 0;
    const request = new Request(`https://api.bilten.example${path.replaceAll(/[{}]/g, "")}`);
    const destination = await destinationOf(request, path, env);
    if (!destination || destination.own) return destination;
    await destination.answer(request, env, { principal: { kind: "anonymous" }, requestId: "1" });
    return { own: false, doors: [...doorsAsked] };
  };
  for (const { route } of operations) {
    expect(await ask(route.path), key(route)).toEqual({ own: false, doors: [`${route.domain.toUpperCase()}_HTTP`] });
  }
  // The page is the sites', but no organizer's: the gateway documents it.
  expect(await ask("/docs")).toEqual({ own: false, doors: ["SITES_HTTP"] });
  expect(Object.keys(ownPaths).sort()).toEqual(["/docs", "/health", "/openapi.json"]);
  for (const path of ["/health", "/openapi.json"]) expect((await ask(path))?.own, path).toBe(true);
});

/** What takes no `If-Match`, and why. */
const UNCONDITIONAL: Record<string, string> = {
  "PUT /events/{eventId}/holds/{holdId}":
    "a hold is one buyer's own for minutes, and the object decides what is left at that moment",
};

test("each PUT may be made conditional, but those that say here why not", () => {
  const unconditional = operations
    .filter(({ route }) => route.method === "put")
    .filter(({ described }) => {
      const { responses, parameters } = Operation.parse(described);
      const isRefused = Object.keys(responses["412"]?.content?.[PROBLEM]?.examples ?? {}).includes("version_stale");
      return !isRefused || !parameters.some(({ name }) => name === "If-Match");
    });
  expect(unconditional.map(({ route }) => key(route)).sort()).toEqual(Object.keys(UNCONDITIONAL).sort());
});

describe("each operation", () => {
  test("has an id of its own, a summary and its own security, which only a guard on its line gives", () => {
    const ids = new Set<string>();
    for (const { route, described } of operations) {
      const parsed = Operation.safeParse(described);
      expect(parsed.error?.message, key(route)).toBeUndefined();
      if (!parsed.success) continue;
      expect(parsed.data.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(ids.has(parsed.data.operationId), `two operations are called ${parsed.data.operationId}`).toBe(false);
      ids.add(parsed.data.operationId);
    }
  });

  test("says who may, and what everybody else hears", () => {
    for (const { route, described } of operations) {
      const { security, responses, "x-permission": permission } = Operation.parse(described);
      const needed = security.length > 0 && !security.some((alternative) => Object.keys(alternative).length === 0);
      expect(needed, `${key(route)} is for ${permission}`).toBe(!["anyone", "development"].includes(permission));
      if (needed) expect(responses, key(route)).toHaveProperty("401");
      if (permission.includes(":") || permission === "admin") expect(responses, key(route)).toHaveProperty("403");
    }
  });

  test("that a token opens a browser's session opens too, with a token of its own where it changes something", () => {
    let opened = 0;
    for (const { route, described } of operations) {
      const { security, responses } = Operation.parse(described);
      const session = security.find((alternative) => "session" in alternative);
      expect(session !== undefined, key(route)).toBe(security.some((alternative) => "bearer" in alternative));
      const reads = route.method === "get";
      const said = responses["403"]?.description.includes("`csrf_failed`") ?? false;
      if (reads) expect(said, key(route)).toBe(false);
      if (!session) continue;
      opened += 1;
      expect("csrf" in session, key(route)).toBe(!reads);
      expect(said, key(route)).toBe(!reads);
    }
    expect(opened).toBeGreaterThan(100);
  });

  test("shows each of its refusals, those too that share a status", () => {
    for (const { route, described } of operations) {
      const refusals = Object.entries(Operation.parse(described).responses).filter(([, { content }]) => content?.[PROBLEM]);
      expect(refusals.length, key(route)).toBeGreaterThan(0);
      for (const [status, { description, content }] of refusals) {
        const codes = [...description.matchAll(/`(\w+)`: /g)].map(([, code]) => code);
        expect(codes.length, `${key(route)} ${status} names no code`).toBeGreaterThan(0);
        expect(Object.keys(content?.[PROBLEM]?.examples ?? {}), `${key(route)} ${status}`).toEqual(codes);
      }
    }
    const login = operations.find(({ route }) => route.path === "/auth/login");
    const { responses } = Operation.parse(login?.described);
    expect(Object.keys(responses["429"]?.content?.[PROBLEM]?.examples ?? {})).toEqual(["account_locked", "rate_limited"]);
  });

  test("fills in what its path needs", () => {
    for (const { route, described } of operations) {
      for (const parameter of Operation.parse(described).parameters.filter(({ required }) => required)) {
        expect(parameter.example, `${key(route)} has no example of ${parameter.name}`).toBeDefined();
      }
    }
  });

  test("shows an example of what it takes and of what it answers", () => {
    for (const { route, described } of operations) {
      const { requestBody, responses } = Operation.parse(described);
      for (const media of Object.values(requestBody?.content ?? {})) {
        const optional =
          route.method === "post" && media.example === undefined && JSON.stringify(media.schema).includes('"properties":{}');
        if (!optional) expect(media.example, `${key(route)} takes a body without an example`).toBeDefined();
      }
      const answers = Object.entries(responses).filter(([status]) => status.startsWith("2") || status.startsWith("3"));
      expect(answers.length, `${key(route)} has no success`).toBeGreaterThan(0);
      for (const [status, { content }] of answers) {
        const json = content?.["application/json"];
        if (json) expect(json.example, `${key(route)} ${status} has no example`).toBeDefined();
      }
    }
  });
});
