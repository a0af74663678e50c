import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { signAccessToken } from "../../workers/auth/access-tokens";
import {
  PUBLISHED_AFTER_RETIREMENT_MS,
  PUBLISHED_BEFORE_MS,
  publicKeys,
  replaceSigningKey,
  rotateSigningKeys,
  SIGNING_MS,
  SIGNS_ON_MS,
  signingKey,
} from "../../workers/auth/signing-keys";
import { HERE, NOW_MS, settled, startAuth } from "../support/auth";
import { swapSql } from "../support/swapped-database";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

/** Each test is an isolate of its own to the memory of the key, which is bound to the secret. */
const freshAuth = (db = env.AUTH_DB) => {
  const auth = startAuth({ db });
  auth.env.KEY_ENCRYPTION_KEY = crypto.randomUUID();
  return auth;
};

const keySet = async (auth: ReturnType<typeof startAuth>, nowMs = NOW_MS): Promise<JSONWebKeySet> =>
  // RFC 7517 says the same as the platform's type, member for member.
  (await publicKeys(auth.env, nowMs)) as unknown as JSONWebKeySet;

const BEARER = {
  accountId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  sessionId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990",
  role: "user",
  authTimeMs: NOW_MS,
} as const;

test("publishes public members only", async () => {
  const { keys } = await publicKeys(freshAuth().env, NOW_MS);
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
});

test("isolates that need the first key at the same time agree on one", async () => {
  const auth = freshAuth();
  const sets = await Promise.all([1, 2, 3].map(() => publicKeys(auth.env, NOW_MS)));
  expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(1);
});

test("control: without the index that lets one sign they do not", async () => {
  await env.AUTH_DB.prepare("DROP INDEX signing_keys_one_signs").run();
  const auth = freshAuth();
  await Promise.all([1, 2, 3].map(() => publicKeys(auth.env, NOW_MS)));
  expect((await publicKeys(auth.env, NOW_MS)).keys).toHaveLength(3);
});

test("after a rotation the new key signs, and the old one's tokens verify until none can live", async () => {
  const auth = freshAuth();
  const old = await signAccessToken(auth.env, BEARER, HERE, NOW_MS);
  const { kid } = await signingKey(auth.env, NOW_MS);
  await replaceSigningKey(auth.env, kid, NOW_MS);
  const later = NOW_MS + 60_001;
  expect((await signingKey(auth.env, later)).kid).not.toBe(kid);
  await jwtVerify(old, createLocalJWKSet(await keySet(auth, later)), { currentDate: new Date(later) });
  const muchLater = NOW_MS + PUBLISHED_AFTER_RETIREMENT_MS;
  expect((await keySet(auth, muchLater)).keys.map((key) => key.kid)).not.toContain(kid);
});

test("a key wrapped under another secret is replaced, and its tokens still verify", async () => {
  const auth = freshAuth();
  const old = await signAccessToken(auth.env, BEARER, HERE, NOW_MS);
  auth.env.KEY_ENCRYPTION_KEY = crypto.randomUUID();
  const fresh = await signAccessToken(auth.env, BEARER, HERE, NOW_MS);
  const keys = await keySet(auth);
  expect(keys.keys).toHaveLength(2);
  for (const token of [old, fresh]) await jwtVerify(token, createLocalJWKSet(keys), { currentDate: new Date(NOW_MS) });
});

describe("while two versions with two secrets run", () => {
  const kids = async () =>
    (await env.AUTH_DB.prepare("SELECT kid FROM signing_keys WHERE retired_at_ms IS NULL").all<{ kid: string }>()).results;

  test("reading the public keys replaces none, however often it is asked of whom", async () => {
    const [old, next] = [freshAuth(), freshAuth()];
    await signAccessToken(old.env, BEARER, HERE, NOW_MS);
    const before = await kids();
    for (const auth of [next, old, next]) expect((await keySet(auth)).keys).toHaveLength(1);
    expect(await kids()).toEqual(before);
  });

  test("each signs with its own, one replaces the other's once, and both kinds of token verify", async () => {
    const [old, next] = [freshAuth(), freshAuth()];
    const tokens: string[] = [];
    for (let minute = 0; minute < 30; minute++) {
      const nowMs = NOW_MS + minute * 60_000;
      for (const auth of [old, next]) {
        tokens.push(await signAccessToken(auth.env, BEARER, HERE, nowMs));
        expect(await rotateSigningKeys(auth.env, nowMs)).toBe(0);
      }
    }
    const keys = await keySet(old, NOW_MS + 1_800_000);
    expect(keys.keys).toHaveLength(2);
    for (const token of tokens) await jwtVerify(token, createLocalJWKSet(keys), { currentDate: new Date(NOW_MS) });
    expect(await kids()).toEqual([{ kid: (await signingKey(next.env, NOW_MS + 1_800_000)).kid }]);
  });

  test("a key that was replaced long ago signs no more", async () => {
    const [old, next] = [freshAuth(), freshAuth()];
    const { kid } = await signingKey(old.env, NOW_MS);
    await signingKey(next.env, NOW_MS);
    expect((await signingKey(old.env, NOW_MS + SIGNS_ON_MS - 1)).kid).toBe(kid);
    // Another isolate's memory of its key is not this one's.
    await signingKey(next.env, NOW_MS + SIGNS_ON_MS - 1);
    expect((await signingKey(old.env, NOW_MS + SIGNS_ON_MS)).kid).not.toBe(kid);
  });

  test("neither drops the successor that the other has published, before its day", async () => {
    const [old, next] = [freshAuth(), freshAuth()];
    await signingKey(old.env, NOW_MS);
    const nowMs = NOW_MS + SIGNING_MS - PUBLISHED_BEFORE_MS;
    expect(await rotateSigningKeys(old.env, nowMs)).toBe(1);
    const before = (await keySet(old, nowMs)).keys.map(({ kid }) => kid);
    await rotateSigningKeys(next.env, nowMs + 1);
    await rotateSigningKeys(old.env, nowMs + 2);
    const published = (await keySet(old, nowMs + 3)).keys.map(({ kid }) => kid);
    expect(published).toEqual(expect.arrayContaining(before));
    expect(published).toHaveLength(3);
  });
});

test("a wrapped key that was put under another key's name does not open", async () => {
  const auth = freshAuth();
  await publicKeys(auth.env, NOW_MS);
  await env.AUTH_DB.prepare("UPDATE signing_keys SET kid = 'another'").run();
  await expect(signingKey(auth.env, NOW_MS)).rejects.toThrow();
});

test("the key is read once a minute, not for each token", async () => {
  const { db, swaps } = swapSql(env.AUTH_DB, "signing_keys", "signing_keys");
  const auth = freshAuth(db);
  await signAccessToken(auth.env, BEARER, HERE, NOW_MS);
  const first = swaps();
  for (let n = 0; n < 5; n++) await signAccessToken(auth.env, BEARER, HERE, NOW_MS + 59_000);
  expect(swaps()).toBe(first);
  await signAccessToken(auth.env, BEARER, HERE, NOW_MS + 60_000);
  expect(swaps()).toBeGreaterThan(first);
});

describe("on schedule", () => {
  const kidsAt = async (auth: ReturnType<typeof startAuth>, nowMs: number) => ({
    signs: (await signingKey(auth.env, nowMs)).kid,
    published: (await keySet(auth, nowMs)).keys.map(({ kid }) => kid),
  });

  test("a successor is published a day before it signs, and the old key a day after its last token", async () => {
    const auth = freshAuth();
    const { signs: first } = await kidsAt(auth, NOW_MS);
    expect(await rotateSigningKeys(auth.env, NOW_MS + SIGNING_MS - PUBLISHED_BEFORE_MS - 1)).toBe(0);
    const publishedMs = NOW_MS + SIGNING_MS - PUBLISHED_BEFORE_MS;
    expect(await rotateSigningKeys(auth.env, publishedMs)).toBe(1);
    expect(await rotateSigningKeys(auth.env, publishedMs + PUBLISHED_BEFORE_MS - 1)).toBe(0);
    const before = await kidsAt(auth, publishedMs + PUBLISHED_BEFORE_MS - 1);
    expect([before.signs, before.published.length]).toEqual([first, 2]);

    const movedMs = publishedMs + PUBLISHED_BEFORE_MS;
    const old = await signAccessToken(auth.env, BEARER, HERE, movedMs);
    expect(await rotateSigningKeys(auth.env, movedMs)).toBe(1);
    const after = await kidsAt(auth, movedMs + 60_001);
    expect(after.signs).not.toBe(first);
    expect(new Set(after.published)).toEqual(new Set(before.published));
    await jwtVerify(old, createLocalJWKSet(await keySet(auth, movedMs + 60_001)), { currentDate: new Date(movedMs + 60_001) });

    const goneMs = movedMs + PUBLISHED_AFTER_RETIREMENT_MS;
    expect(await rotateSigningKeys(auth.env, goneMs)).toBe(1);
    expect((await kidsAt(auth, goneMs)).published).toEqual([after.signs]);
    expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM signing_keys").first("n")).toBe(1);
  });

  test("sweeps at the same time agree, and there is a key that signs at every moment", async () => {
    const auth = freshAuth();
    await publicKeys(auth.env, NOW_MS);
    for (const nowMs of [NOW_MS + SIGNING_MS, NOW_MS + SIGNING_MS + PUBLISHED_BEFORE_MS]) {
      await Promise.all([1, 2, 3].map(() => rotateSigningKeys(auth.env, nowMs)));
      expect((await kidsAt(auth, nowMs)).published).toHaveLength(2);
    }
  });

  test("a successor that another secret wrapped is dropped, and another one takes its place", async () => {
    const auth = freshAuth();
    await publicKeys(auth.env, NOW_MS);
    await rotateSigningKeys(auth.env, NOW_MS + SIGNING_MS);
    auth.env.KEY_ENCRYPTION_KEY = crypto.randomUUID();
    const nowMs = NOW_MS + SIGNING_MS + PUBLISHED_BEFORE_MS;
    expect(await rotateSigningKeys(auth.env, nowMs)).toBe(1);
    expect((await signingKey(auth.env, nowMs)).kid).toBeTypeOf("string");
    const { results } = await env.AUTH_DB.prepare("SELECT signs FROM signing_keys WHERE retired_at_ms IS NULL").all();
    expect(results).toEqual([{ signs: 1 }]);
  });
});
