import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isApiKey } from "../../shared/crypto/api-key";
import { sha256 } from "../../shared/crypto/bytes";
import {
  ApiKeyDraft,
  apiKeyOf,
  createApiKey,
  ENDED_KEYS,
  listApiKeys,
  MAX_KEYS,
  MAX_KEYS_REPLACED_TOO,
  revokeApiKey,
  rotateApiKey,
  sweepApiKeys,
} from "../../workers/auth/api-keys";
import type { SignedIn } from "../../workers/auth/callers";
import { type Auth, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { gatherBatches, swapSql } from "../support/swapped-database";
import { interceptTrips } from "../support/tripped-database";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

const ORGANIZER = "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b";
const DRAFT = { name: "Printer", scopes: ["orders:read" as const], organizerId: ORGANIZER };
const DAY_MS = 86_400_000;

async function startMaker(email = "ada@bilten.example", auth = startAuth()) {
  await registerVerified(auth, email);
  const { user, accessToken } = await tokensOf(auth, email);
  const me: SignedIn = { userId: user.id, sessionId: String(decodeJwt(accessToken).sid) };
  return { auth, userId: user.id, me };
}
async function make(auth: Auth, me: SignedIn, change: Partial<ApiKeyDraft> = {}) {
  const made = await createApiKey(auth.env, auth.after, me, { ...DRAFT, ...change }, NOW_MS);
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}
const resolve = async (auth: Auth, key: string, nowMs = NOW_MS) => apiKeyOf(auth.env, auth.after, await sha256(key), nowMs);

describe("an API key", () => {
  test("acts for its maker within its scopes, and stands in the database as a hash", async () => {
    const { auth, userId, me } = await startMaker();
    const { id, key, hint } = await make(auth, me);
    expect(isApiKey(key, "test")).toBe(true);
    expect(await resolve(auth, key)).toEqual({ keyId: id, userId, organizerId: ORGANIZER, scopes: ["orders:read"] });
    expect(key.startsWith(hint)).toBe(true);
    const { results } = await env.AUTH_DB.prepare("SELECT * FROM api_keys").all();
    expect(JSON.stringify(results)).not.toContain(key.slice(12));
  });

  test("of production is marked so", async () => {
    const { auth, me } = await startMaker("ada@bilten.example", startAuth({ environment: "production" }));
    expect(isApiKey((await make(auth, me)).key, "live")).toBe(true);
  });

  test("ends when it is revoked, when its time is over, and while its maker is suspended", async () => {
    const { auth, userId, me } = await startMaker();
    const [revoked, timed] = [await make(auth, me), await make(auth, me, { expiresAt: "2027-01-01T12:00:10Z" })];
    expect(await revokeApiKey(auth.env, userId, revoked.id, NOW_MS)).toEqual({ ok: true, value: null });
    expect(await resolve(auth, revoked.key)).toBeNull();
    expect(await resolve(auth, timed.key, NOW_MS + 9_999)).not.toBeNull();
    expect(await resolve(auth, timed.key, NOW_MS + 10_000)).toBeNull();
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    expect(await resolve(auth, timed.key)).toBeNull();
  });

  test("is nobody else's to see, end or replace", async () => {
    const { auth, me } = await startMaker();
    const { id, key } = await make(auth, me);
    const { userId: other, me: bob } = await startMaker("bob@bilten.example", auth);
    const missing = { ok: false, error: { code: "api_key_not_found" } };
    expect(await revokeApiKey(auth.env, other, id, NOW_MS)).toEqual(missing);
    expect(await rotateApiKey(auth.env, auth.after, bob, id, {}, NOW_MS)).toEqual(missing);
    expect((await listApiKeys(auth.env, other, { limit: 20 }, NOW_MS)).data).toEqual([]);
    expect(await resolve(auth, key)).not.toBeNull();
  });

  test("cannot be made to end before it starts", async () => {
    const { auth, me } = await startMaker();
    const past = await createApiKey(auth.env, auth.after, me, { ...DRAFT, expiresAt: "2027-01-01T12:00:00Z" }, NOW_MS);
    expect(past).toMatchObject({ ok: false, error: { code: "invalid_body", errors: [{ pointer: "/expiresAt" }] } });
  });

  test("notes its last use once a minute", async () => {
    const { auth, userId, me } = await startMaker();
    const { key } = await make(auth, me);
    const used = async (nowMs: number) => {
      await resolve(auth, key, nowMs);
      await settled();
      return (await listApiKeys(auth.env, userId, { limit: 1 }, nowMs)).data[0]?.lastUsedAt;
    };
    expect(await used(NOW_MS)).toBe("2027-01-01T12:00:00.000Z");
    expect(await used(NOW_MS + 59_999)).toBe("2027-01-01T12:00:00.000Z");
    expect(await used(NOW_MS + 60_000)).toBe("2027-01-01T12:01:00.000Z");
  });
});

describe("replacing a key", () => {
  test("makes one with the same powers, and leaves the old one its overlap", async () => {
    const { auth, me } = await startMaker();
    const old = await make(auth, me);
    const rotated = await rotateApiKey(auth.env, auth.after, me, old.id, { overlapSeconds: 60 }, NOW_MS);
    if (!rotated.ok) throw new Error(rotated.error.code);
    expect(rotated.value).toMatchObject({
      name: old.name,
      scopes: old.scopes,
      organizerId: ORGANIZER,
      rotatedFrom: old.id,
      expiresAt: null,
    });
    for (const { key } of [old, rotated.value]) expect(await resolve(auth, key, NOW_MS + 59_999)).not.toBeNull();
    expect(await resolve(auth, old.key, NOW_MS + 60_000)).toBeNull();
    expect(await resolve(auth, rotated.value.key, NOW_MS + 60_000)).not.toBeNull();
    expect(await rotateApiKey(auth.env, auth.after, me, old.id, {}, NOW_MS + 60_000)).toMatchObject({ ok: false });
  });

  test("does not lengthen a key that ends sooner, and the new one ends when the old one would have", async () => {
    const { auth, me } = await startMaker();
    const old = await make(auth, me, { expiresAt: "2027-01-01T13:00:00.000Z" });
    const rotated = await rotateApiKey(auth.env, auth.after, me, old.id, {}, NOW_MS);
    expect(rotated).toMatchObject({ ok: true, value: { expiresAt: "2027-01-01T13:00:00.000Z" } });
    expect(await resolve(auth, old.key, NOW_MS + 3_600_000)).toBeNull();
  });
});

describe("of two who act on a key at once", () => {
  /** Both have read the key before either writes. */
  const rotateTwice = async (db: D1Database) => {
    const { auth, me } = await startMaker();
    const { id } = await make(auth, me);
    const late = { ...auth.env, DB: gatherBatches(db, 2) };
    const rotate = () => rotateApiKey(late, auth.after, me, id, {}, NOW_MS);
    const rotated = await Promise.all([rotate(), rotate()]);
    return rotated.map((answer) => (answer.ok ? "made" : answer.error.code)).sort();
  };
  /** The key is read, then revoked by its owner, then replaced. */
  const rotateRevoked = async (db: D1Database) => {
    const { auth, userId, me } = await startMaker();
    const { id } = await make(auth, me);
    let trips = 0;
    const meanwhile = interceptTrips(db, async (go) => {
      trips += 1;
      if (trips === 2) await revokeApiKey(auth.env, userId, id, NOW_MS);
      return go();
    });
    const rotated = await rotateApiKey({ ...auth.env, DB: meanwhile }, auth.after, me, id, {}, NOW_MS);
    const { data } = await listApiKeys(auth.env, userId, { limit: 20 }, NOW_MS);
    return { said: rotated.ok ? "made" : rotated.error.code, left: data.length };
  };

  test("one alone replaces it", async () => {
    expect(await rotateTwice(env.AUTH_DB)).toEqual(["made", "state_moved"]);
  });

  test("without the guard both would (control)", async () => {
    const control = swapSql(env.AUTH_DB, "rotated_from IS NOT NULL", "FALSE");
    expect(await rotateTwice(control.db)).toEqual(["made", "made"]);
    expect(control.swaps()).toBeGreaterThan(0);
  });

  test("who ends it is not outlived by its replacement", async () => {
    expect(await rotateRevoked(env.AUTH_DB)).toEqual({ said: "api_key_not_found", left: 0 });
  });

  test("without the guard the dead key would bear a living one (control)", async () => {
    const control = swapSql(env.AUTH_DB, "revoked_at_ms IS NULL", "TRUE");
    expect(await rotateRevoked(control.db)).toEqual({ said: "made", left: 1 });
    expect(control.swaps()).toBeGreaterThan(0);
  });
});

test("nobody can give a key what it could never use", () => {
  const asked = (scope: string) => ApiKeyDraft.safeParse({ ...DRAFT, scopes: [scope] }).success;
  expect(asked("ownership:transfer")).toBe(false);
  expect(asked("orders:read")).toBe(true);
});

test("whose key is made or replaced is told by mail, once each", async () => {
  const { auth, me } = await startMaker();
  const { id } = await make(auth, me);
  await rotateApiKey(auth.env, auth.after, me, id, {}, NOW_MS);
  await rotateApiKey(auth.env, auth.after, me, id, {}, NOW_MS);
  const { results } = await env.AUTH_DB.prepare(
    "SELECT id, kind FROM account_mails WHERE kind LIKE 'api_key_%' ORDER BY kind",
  ).all<{ id: string; kind: string }>();
  expect(results.map(({ kind }) => kind)).toEqual(["api_key_created", "api_key_rotated"]);
  const heard = (await auth.heard()).map(({ subject }) => subject);
  expect(heard).toEqual(expect.arrayContaining(results.map((mail) => mail.id)));
});

test("an account has fifty keys that work, however many are asked for at once", async () => {
  const { auth, userId, me } = await startMaker();
  const all = await Promise.all(
    Array.from({ length: MAX_KEYS + 5 }, () => createApiKey(auth.env, auth.after, me, DRAFT, NOW_MS)),
  );
  expect(all.filter((made) => made.ok)).toHaveLength(MAX_KEYS);
  const [first] = (await listApiKeys(auth.env, userId, { limit: 1 }, NOW_MS)).data;
  await revokeApiKey(auth.env, userId, first?.id ?? "", NOW_MS);
  expect(await createApiKey(auth.env, auth.after, me, DRAFT, NOW_MS)).toMatchObject({ ok: true });
});

test("fifty keys can be replaced, all of them, but no chain of overlaps grows without end", async () => {
  const { auth, userId, me } = await startMaker();
  for (let made = 0; made < MAX_KEYS; made += 1) await make(auth, me);
  const rotate = (id: string) => rotateApiKey(auth.env, auth.after, me, id, {}, NOW_MS);
  const { data: all } = await listApiKeys(auth.env, userId, { limit: 100 }, NOW_MS);
  const replaced = await Promise.all(all.map(({ id }) => rotate(id)));
  expect(replaced.filter(({ ok }) => ok)).toHaveLength(MAX_KEYS);
  expect((await listApiKeys(auth.env, userId, { limit: 100 }, NOW_MS)).data).toHaveLength(MAX_KEYS_REPLACED_TOO);
  const [newest] = replaced;
  if (!newest?.ok) throw new Error("not replaced");
  const full = { ok: false, error: { code: "too_many_api_keys" } };
  expect(await rotate(newest.value.id)).toEqual(full);
  expect(await createApiKey(auth.env, auth.after, me, DRAFT, NOW_MS)).toEqual(full);
});

test("keys that ended long ago are swept", async () => {
  const { auth, userId, me } = await startMaker();
  const { id } = await make(auth, me);
  await make(auth, me);
  await revokeApiKey(auth.env, userId, id, NOW_MS);
  expect(await sweepApiKeys(auth.env, NOW_MS + 90 * DAY_MS - 1)).toBe(0);
  expect(await sweepApiKeys(auth.env, NOW_MS + 90 * DAY_MS)).toBe(1);
});

test("the sweep finds them by their index", async () => {
  const { results } = await env.AUTH_DB.prepare(`EXPLAIN QUERY PLAN ${ENDED_KEYS}`).bind(NOW_MS, 1).all<{ detail: string }>();
  expect(results.map(({ detail }) => detail).join()).toContain("api_keys_by_end");
});
