import { beforeEach, expect, test, vi } from "vitest";
import type { Principal } from "../../shared/contracts/principal";
import { makeApiKey } from "../../shared/crypto/api-key";
import gateway from "../../workers/gateway";
import { keyPrincipal } from "../../workers/gateway/api-keys";
import { LookUps, MAX_REMEMBERED, REMEMBER_MS, TooManyLookUps, UNKNOWN_ASKED_FIRST } from "../../workers/gateway/look-ups";
import { PER_MINUTE, senderOf, spend } from "../../workers/gateway/rate-limits";
import { SiblingDown } from "../../workers/gateway/siblings";

beforeEach(() => {
  vi.useRealTimers();
});

/** Counts a key for as long as the test runs; each class has the width that wrangler.toml gives it. */
function limiterOf(perMinute: number) {
  const counts = new Map<string, number>();
  const limit = async ({ key }: { key: string }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { success: count <= perMinute };
  };
  return { limit };
}

function startEnv() {
  const asked: string[] = [];
  const env = {
    ENVIRONMENT: "production",
    ISSUER: "https://api.bilten.example",
    AUTH_LIMIT: limiterOf(PER_MINUTE.production.auth),
    API_LIMIT: limiterOf(PER_MINUTE.production.api),
    AUTH: {
      apiKeyOf: async (hash: string) => {
        asked.push(hash);
        return null;
      },
    },
    USERS_HTTP: { fetch: async () => new Response("reached") },
  };
  // The gateway reads nothing else of its environment for these.
  const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined } as unknown as ExecutionContext;
  return { env: env as unknown as GatewayEnv, asked, ctx };
}

const user = (userId: string): Principal => ({
  kind: "user",
  userId,
  sessionId: "1",
  role: "user",
  authTimeMs: 0,
  organizerHost: false,
});

test("as many accounts as somebody makes post to /auth no more often than one network may", async () => {
  const { env } = startEnv();
  const post = async (userId: string, address = "192.0.2.1", method = "POST") =>
    (await spend("auth", user(userId), { address, method }, env)).allowed;
  const allowed = await Promise.all(Array.from({ length: 60 }, (_, account) => post(String(account))));
  expect(allowed.filter(Boolean)).toHaveLength(PER_MINUTE.production.auth);
  const guest = await spend("auth", { kind: "anonymous" }, { address: "192.0.2.1", method: "POST" }, env);
  expect(guest.allowed).toBe(false);
  // Elsewhere nobody is kept from anything.
  expect(await post("61", "192.0.2.2")).toBe(true);
});

test("pages that ask whose session they have use up nobody's sign-ins, whoever asks", async () => {
  const { env } = startEnv();
  const ask = async (who: Principal, method: string) => spend("auth", who, { address: "192.0.2.1", method }, env);
  const nobody: Principal = { kind: "anonymous" };
  const reads = PER_MINUTE.production.auth * 2;
  for (let at = 0; at < reads; at += 1)
    for (const who of [nobody, user("1")]) expect((await ask(who, at % 2 ? "GET" : "HEAD")).allowed, `read ${at}`).toBe(true);
  for (const who of [nobody, user("1")]) expect((await ask(who, "POST")).allowed).toBe(true);
  expect((await ask(nobody, "GET")).policy).toBe(`"api";q=${PER_MINUTE.production.api};w=60`);
  expect((await ask(nobody, "POST")).policy).toBe(`"auth";q=${PER_MINUTE.production.auth};w=60`);
});

test("reading below /auth has an end too", async () => {
  const { env } = startEnv();
  const read = () => spend("auth", { kind: "anonymous" }, { address: "192.0.2.9", method: "GET" }, env);
  const reads = await Promise.all(Array.from({ length: PER_MINUTE.production.api * 2 }, read));
  expect(reads.filter(({ allowed }) => allowed).length).toBeLessThan(PER_MINUTE.production.api * 2);
});

test("one account posts to /auth no more often from many networks", async () => {
  const { env } = startEnv();
  const posts = Array.from({ length: 60 }, (_, at) =>
    spend("auth", user("1"), { address: `192.0.2.${at}`, method: "POST" }, env),
  );
  expect((await Promise.all(posts)).filter(({ allowed }) => allowed)).toHaveLength(PER_MINUTE.production.auth);
});

test("local runs may post to /auth six hundred times a minute, as the wire says", () => {
  expect(PER_MINUTE.development.auth).toBeGreaterThanOrEqual(600);
});

test("keys that an address makes up stop reaching auth, and are a 429 then", async () => {
  const { env, asked, ctx } = startEnv();
  const send = (address: string) =>
    gateway.fetch(
      new Request("https://api.bilten.example/users/profile", {
        headers: { authorization: `Bearer ${makeApiKey("live")}`, "cf-connecting-ip": address },
      }),
      env,
      ctx,
    );
  const width = PER_MINUTE.production.api;
  for (let at = 0; at < width; at += 1)
    await keyPrincipal(makeApiKey("live"), "production", env.AUTH, senderOf("192.0.2.1", env));
  expect(asked).toHaveLength(width);
  const refused = await send("192.0.2.1");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(asked).toHaveLength(width);
  expect(await (await send("192.0.2.2")).text()).toBe("reached");
});

test("whole crowds behind one network come in by cookie, in every isolate, and cost it nothing", async () => {
  // At the start of a minute: what is counted is the minute's.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  const { env, ctx } = startEnv();
  const crowd = PER_MINUTE.production.api * 2;
  const users = new Map<string, string>();
  const cookieSessionOf = async (hash: string) => {
    const userId = users.get(hash) ?? crypto.randomUUID();
    users.set(hash, userId);
    const who = { userId, sessionId: "1", role: "user", authTimeMs: 0, audience: "https://api.bilten.example" };
    return { state: "live", organizerId: null, ...who };
  };
  const house = { ...env, AUTH: { cookieSessionOf } } as unknown as GatewayEnv;
  const come = async () => {
    const cookie = `__Host-bilten-session=bs_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
    const headers = { cookie, "cf-connecting-ip": "192.0.2.1" };
    return (await gateway.fetch(new Request("https://api.bilten.example/users/profile", { headers }), house, ctx)).status;
  };
  for (let at = 0; at < crowd; at += 1) expect(await come(), `person ${at}`).toBe(200);
  expect(users.size).toBe(crowd);
});

test("unknown ones are counted, and counted before anybody is asked once they are many or come all at once", async () => {
  // At the start of a minute: what is counted is the minute's.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  const log: string[] = [];
  let left = Number.POSITIVE_INFINITY;
  const sender = {
    network: () => "192.0.2.1",
    charge: async () => {
      log.push("charged");
      left -= 1;
      return left >= 0;
    },
  };
  const lookUps = new LookUps<boolean>((found) => found);
  const find = (secret: string, found: boolean) =>
    lookUps.find(
      secret,
      async () => {
        log.push("asked");
        return found;
      },
      sender,
    );
  expect(await find("first", false)).toBe(false);
  expect(log.splice(0)).toEqual(["asked", "charged"]);
  expect(await find("good", true)).toBe(true);
  expect(log.splice(0)).toEqual(["asked"]);
  for (let at = 1; at < UNKNOWN_ASKED_FIRST; at += 1) await find(`bad ${at}`, false);
  log.length = 0;
  expect(await find("one more", false)).toBe(false);
  expect(log.splice(0)).toEqual(["charged", "asked"]);
  left = 0;
  await expect(find("refused", true)).rejects.toBeInstanceOf(TooManyLookUps);
  expect(log.splice(0)).toEqual(["charged"]);
  // The next minute begins anew, and in a burst no answer is there yet.
  vi.advanceTimersByTime(60_000);
  const burst = await Promise.allSettled(Array.from({ length: UNKNOWN_ASKED_FIRST * 3 }, (_, at) => find(`burst ${at}`, false)));
  expect(burst.filter(({ status }) => status === "fulfilled")).toHaveLength(UNKNOWN_ASKED_FIRST);
  expect(log.filter((line) => line === "asked")).toHaveLength(UNKNOWN_ASKED_FIRST);
});

test("a sibling that is down leaves its askers uncounted", async () => {
  const sender = { network: () => "192.0.2.1", charge: async () => false };
  const lookUps = new LookUps<boolean>((found) => found);
  for (let at = 0; at <= UNKNOWN_ASKED_FIRST * 2; at += 1)
    await expect(lookUps.find(String(at), () => Promise.reject(new Error("down")), sender)).rejects.toBeInstanceOf(SiblingDown);
});

test("a key that was good goes on without being counted, one that was not is counted each time", async () => {
  // At the start of a minute: what is counted is the minute's.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  let counted = 0;
  const sender = {
    network: () => "192.0.2.1",
    charge: async () => {
      counted += 1;
      return counted <= 3;
    },
  };
  const lookUps = new LookUps<boolean>((found) => found);
  const find = (secret: string, found: boolean) => lookUps.find(secret, async () => found, sender);
  expect([await find("good", true), await find("bad", false)]).toEqual([true, false]);
  expect(counted).toBe(1);
  vi.advanceTimersByTime(REMEMBER_MS);
  expect([await find("good", true), await find("bad", false)]).toEqual([true, false]);
  expect(counted).toBe(2);
  for (let at = 2; at < UNKNOWN_ASKED_FIRST; at += 1) await find(String(at), false);
  vi.advanceTimersByTime(REMEMBER_MS);
  expect(await find("good", true)).toBe(true);
  await expect(find("bad", false)).rejects.toBeInstanceOf(TooManyLookUps);
  await expect(lookUps.find("good", () => Promise.reject(new Error("down")), sender)).resolves.toBe(true);
  vi.advanceTimersByTime(REMEMBER_MS);
  await expect(lookUps.find("good", () => Promise.reject(new Error("down")), sender)).rejects.toBeInstanceOf(SiblingDown);
});

test("a flood of made-up ones drives out the oldest, not all that is remembered", async () => {
  const lookUps = new LookUps<string>(() => true);
  const asked: string[] = [];
  const find = (secret: string) =>
    lookUps.find(
      secret,
      async () => {
        asked.push(secret);
        return secret;
      },
      { network: () => secret, charge: async () => true },
    );
  for (const secret of ["first", "second"]) await find(secret);
  for (let at = 2; at <= MAX_REMEMBERED; at += 1) await find(String(at));
  asked.length = 0;
  for (const secret of ["second", "first"]) await find(secret);
  expect(asked).toEqual(["first"]);
});
