/** The guards of the routes that ask for a fresh proof, as they stand on their lines: five minutes, to the second. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono, type MiddlewareHandler } from "hono";
import { uniqueSymbol } from "hono-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import { requestIdOf } from "../../shared/http/app";
import { Problem, problemResponse } from "../../shared/http/problem";
import { app as auth } from "../../workers/auth/routes";
import { createOrganizer } from "../../workers/users/organizers";
import { app as users } from "../../workers/users/routes";
import { type Row, TABLE } from "../support/permission-table";
import { accountOf, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const owner = accountOf();
const house = startUsers([owner]);
let organizerId: string;

beforeAll(async () => {
  await applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users);
  const made = await createOrganizer(house, owner.id, { name: "The Blue Note", slug: "blue-note" }, NOW_MS);
  if (!made.ok) throw new Error(made.error.code);
  organizerId = made.value.id;
});
afterAll(() => reset());

const Spec = z.looseObject({ operationId: z.string().optional(), "x-permission": z.string().optional() });
const specOf = (handler: object) => Spec.parse((handler as { [uniqueSymbol]?: { spec?: unknown } })[uniqueSymbol]?.spec ?? {});

interface Line {
  path: string;
  permission: string;
  guard: MiddlewareHandler;
}

/** By operationId, the guard that stands on its line. */
function linesOf(routes: readonly { path: string; method: string; handler: unknown }[]): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (const { path, method, handler } of routes) {
    const { operationId } = specOf(handler as object);
    if (operationId === undefined) continue;
    const guard = routes.find(
      (other) => other.path === path && other.method === method && specOf(other.handler as object)["x-permission"],
    );
    if (!guard) throw new Error(`${operationId} has no guard`);
    const permission = specOf(guard.handler as object)["x-permission"] ?? "";
    lines.set(operationId, { path, permission, guard: guard.handler as MiddlewareHandler });
  }
  return lines;
}

const lines = new Map([...linesOf(auth.routes), ...linesOf(users.routes)]);
const lineOf = (operationId: string): Line => {
  const line = lines.get(operationId);
  if (!line) throw new Error(`no route is ${operationId}`);
  return line;
};

const ask = (operationId: string, principal: Principal) => {
  const { path, guard } = lineOf(operationId);
  const app = new Hono()
    .all(path, guard, (c) => c.text("in"))
    .onError((error, c) => {
      if (error instanceof Problem) return problemResponse(error.refusal, requestIdOf(c.req.raw));
      throw error;
    });
  const address = path.replace(":organizerId", organizerId).replaceAll(/:\w+/g, owner.id);
  const headers = { [INTERNAL_HEADERS.principal]: JSON.stringify(principal) };
  return app.request(address, { method: "POST", headers }, house);
};

const proved = (secondsAgo: number, operationId: string): Principal => ({
  kind: "user",
  userId: owner.id,
  sessionId: crypto.randomUUID(),
  role: lineOf(operationId).permission === "admin" ? "admin" : "user",
  authTimeMs: Date.now() - secondsAgo * 1000,
  organizerHost: false,
});
const keyOf = (permission: string): Principal => ({
  kind: "api_key",
  keyId: crypto.randomUUID(),
  userId: owner.id,
  organizerId: null,
  scopes: [permission],
});

const fresh = Object.entries<Row>(TABLE).flatMap(([operationId, [, , stepUp]]) => (stepUp ? [operationId] : []));

test.each(fresh)("%s takes a proof of 299 seconds ago, none of 301, and no key", async (operationId) => {
  expect((await ask(operationId, proved(299, operationId))).status).toBe(200);
  const stale = await ask(operationId, proved(301, operationId));
  expect(stale.status).toBe(401);
  expect(stale.headers.get("www-authenticate")).toMatch(/error="insufficient_user_authentication".*max_age="?300"?/);
  expect(await stale.json()).toMatchObject({ code: "insufficient_user_authentication" });
  const byKey = await ask(operationId, keyOf(lineOf(operationId).permission));
  expect([byKey.status, await byKey.json()]).toEqual([403, expect.objectContaining({ code: "forbidden" })]);
});

test("what asks for none takes an old one, so that the age alone is what is refused above", async () => {
  for (const operationId of ["listSessions", "searchUsers", "changeOrganizer"]) {
    expect(fresh).not.toContain(operationId);
    expect((await ask(operationId, proved(301, operationId))).status, operationId).toBe(200);
  }
});
