/** Every route has a guard on its line and a page in the document; the two sets are equal. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT, readWorkers } from "../../shared/scripts/configurations";

interface Route {
  domain: string;
  method: string;
  /** In OpenAPI's spelling. */
  path: string;
}

const Media = z.looseObject({ example: z.unknown().optional(), schema: z.unknown() });
const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.looseObject({ content: z.record(z.string(), Media) }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: z.record(z.string(), Media).optional() })),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

const key = ({ method, path }: { method: string; path: string }): string => `${method.toUpperCase()} ${path}`;
const openapiPath = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
/** Pages and files for people are no operations. */
const isPage = ({ domain }: Route): boolean => domain === "sites";

const routes: Route[] = [];
const operations: { route: Route; described: unknown }[] = [];

beforeAll(async () => {
  // Within the test, because a Worker's own environment types make its app unassignable to a general one.
  const { openapiOf } = await import("../../shared/http/operation");
  for (const { domain, folder } of readWorkers()) {
    const file = join(ROOT, folder, "routes.ts");
    if (domain === "gateway" || domain === "sites" || !existsSync(file)) continue;
    const { app }: { app: Hono<{ Bindings: { ENVIRONMENT: string } }> } = await import(file);
    const seen = new Set<string>();
    for (const { method, path } of app.routes) {
      const route = { domain, method, path: openapiPath(path) };
      if (!seen.has(key(route)) && !isPage(route)) routes.push(route);
      seen.add(key(route));
    }
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

test("no two Workers answer one path", () => {
  expect(routes.map(key).filter((route, index, all) => all.indexOf(route) !== index)).toEqual([]);
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
