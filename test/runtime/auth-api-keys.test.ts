import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isApiKey } from "../../shared/crypto/api-key";
import { sha256 } from "../../shared/crypto/bytes";
import {
  apiKeyOf,
  createApiKey,
  listApiKeys,
  MAX_KEYS,
  revokeApiKey,
  rotateApiKey,
  sweepApiKeys,
} from "../../workers/auth/api-keys";
import { type Auth, NOW_MS, registerVerified, settled, startAuth } from "../support/auth";

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
  const account = await env.AUTH_DB.prepare("SELECT id FROM accounts WHERE email_key = ?").bind(email).first<{ id: string }>();
  return { auth, userId: account?.id ?? "" };
}
async function make(auth: Auth, userId: string, change: Partial<Parameters<typeof createApiKey>[2]> = {}) {
  const made = await createApiKey(auth.env, userId, { ...DRAFT, ...change }, NOW_MS);
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}
const resolve = async (auth: Auth, key: string, nowMs = NOW_MS) => apiKeyOf(auth.env, auth.after, await sha256(key), nowMs);

describe("an API key", () => {
  test("acts for its maker within its scopes, and stands in the database as a hash", async () => {
    const { auth, userId } = await startMaker();
    const { id, key, hint } = await make(auth, userId);
    expect(isApiKey(key, "test")).toBe(true);
    expect(await resolve(auth, key)).toEqual({ keyId: id, userId, organizerId: ORGANIZER, scopes: ["orders:read"] });
    expect(key.startsWith(hint)).toBe(true);
    const { results } = await env.AUTH_DB.prepare("SELECT * FROM api_keys").all();
    expect(JSON.stringify(results)).not.toContain(key.slice(12));
  });

  test("of production is marked so", async () => {
    const { auth, userId } = await startMaker("ada@bilten.example", startAuth({ environment: "production" }));
    expect(isApiKey((await make(auth, userId)).key, "live")).toBe(true);
  });

  test("ends when it is revoked, when its time is over, and while its maker is suspended", async () => {
    const { auth, userId } = await startMaker();
    const [revoked, timed] = [await make(auth, userId), await make(auth, userId, { expiresAt: "2027-01-01T12:00:10Z" })];
    expect(await revokeApiKey(auth.env, userId, revoked.id, NOW_MS)).toEqual({ ok: true, value: null });
    expect(await resolve(auth, revoked.key)).toBeNull();
    expect(await resolve(auth, timed.key, NOW_MS + 9_999)).not.toBeNull();
    expect(await resolve(auth, timed.key, NOW_MS + 10_000)).toBeNull();
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    expect(await resolve(auth, timed.key)).toBeNull();
  });

  test("is nobody else's to see, end or replace", async () => {
    const { auth, userId } = await startMaker();
    const { id, key } = await make(auth, userId);
    const { userId: other } = await startMaker("bob@bilten.example", auth);
    const missing = { ok: false, error: { code: "api_key_not_found" } };
    expect(await revokeApiKey(auth.env, other, id, NOW_MS)).toEqual(missing);
    expect(await rotateApiKey(auth.env, other, id, {}, NOW_MS)).toEqual(missing);
    expect((await listApiKeys(auth.env, other, { limit: 20 }, NOW_MS)).data).toEqual([]);
    expect(await resolve(auth, key)).not.toBeNull();
  });

  test("cannot be made to end before it starts", async () => {
    const { auth, userId } = await startMaker();
    const past = await createApiKey(auth.env, userId, { ...DRAFT, expiresAt: "2027-01-01T12:00:00Z" }, NOW_MS);
    expect(past).toMatchObject({ ok: false, error: { code: "invalid_body", errors: [{ pointer: "/expiresAt" }] } });
  });

  test("notes its last use once a minute", async () => {
    const { auth, userId } = await startMaker();
    const { key } = await make(auth, userId);
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
    const { auth, userId } = await startMaker();
    const old = await make(auth, userId);
    const rotated = await rotateApiKey(auth.env, userId, old.id, { overlapSeconds: 60 }, NOW_MS);
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
    expect(await rotateApiKey(auth.env, userId, old.id, {}, NOW_MS + 60_000)).toMatchObject({ ok: false });
  });

  test("does not lengthen a key that ends sooner, and the new one ends when the old one would have", async () => {
    const { auth, userId } = await startMaker();
    const old = await make(auth, userId, { expiresAt: "2027-01-01T13:00:00.000Z" });
    const rotated = await rotateApiKey(auth.env, userId, old.id, {}, NOW_MS);
    expect(rotated).toMatchObject({ ok: true, value: { expiresAt: "2027-01-01T13:00:00.000Z" } });
    expect(await resolve(auth, old.key, NOW_MS + 3_600_000)).toBeNull();
  });
});

test("an account has fifty keys that work, however many are asked for at once", async () => {
  const { auth, userId } = await startMaker();
  const all = await Promise.all(Array.from({ length: MAX_KEYS + 5 }, () => createApiKey(auth.env, userId, DRAFT, NOW_MS)));
  expect(all.filter((made) => made.ok)).toHaveLength(MAX_KEYS);
  const [first] = (await listApiKeys(auth.env, userId, { limit: 1 }, NOW_MS)).data;
  expect(await rotateApiKey(auth.env, userId, first?.id ?? "", {}, NOW_MS)).toEqual({
    ok: false,
    error: { code: "too_many_api_keys" },
  });
  await revokeApiKey(auth.env, userId, first?.id ?? "", NOW_MS);
  expect(await createApiKey(auth.env, userId, DRAFT, NOW_MS)).toMatchObject({ ok: true });
});

test("keys that ended long ago are swept", async () => {
  const { auth, userId } = await startMaker();
  const { id } = await make(auth, userId);
  await make(auth, userId);
  await revokeApiKey(auth.env, userId, id, NOW_MS);
  expect(await sweepApiKeys(auth.env, NOW_MS + 90 * DAY_MS - 1)).toBe(0);
  expect(await sweepApiKeys(auth.env, NOW_MS + 90 * DAY_MS)).toBe(1);
});
