import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { principalOf } from "../../workers/gateway/credentials";
import { noteForgery } from "../../workers/gateway/forgeries";

let lines: unknown[];
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(async () => {
  await vi.runAllTimersAsync();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Requests that live to their end. */
const after = { waitUntil: () => undefined };
const line = (reason: string, count: number) => ({
  level: "warn",
  message: "forged access tokens were refused",
  reason,
  count,
});

test("a thousand forged tokens in a second are one line a reason, which says how many they were", async () => {
  for (let n = 0; n < 999; n++) noteForgery("algorithm", after);
  noteForgery("signature", after);
  await vi.advanceTimersByTimeAsync(999);
  expect(lines).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(lines).toEqual([line("algorithm", 999), line("signature", 1)]);
  noteForgery("algorithm", after);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lines.slice(2)).toEqual([line("algorithm", 1)]);
});

test("what a request that was cut off has counted is written by a later one, once", async () => {
  noteForgery("issuer", after);
  vi.clearAllTimers();
  await vi.advanceTimersByTimeAsync(4_999);
  noteForgery("issuer", after);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lines).toEqual([]);
  noteForgery("issuer", after);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines).toEqual([line("issuer", 3)]);
});

describe("each forgery is refused alike, and told by its reason without the token", () => {
  const ISSUER = "https://api.bilten.example";
  const kid = "forgeries-key";
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  let ours: Awaited<ReturnType<typeof generateKeyPair>>;
  let foreign: Awaited<ReturnType<typeof generateKeyPair>>;
  let env: GatewayEnv;
  beforeAll(async () => {
    [ours, foreign] = await Promise.all([generateKeyPair("RS256", { extractable: true }), generateKeyPair("RS256")]);
    const keys = [{ ...(await exportJWK(ours.publicKey)), kid }];
    const denied = async () => ({ asOfMs: Date.now(), allNotBeforeMs: 0, denials: [] });
    // All that the gateway reads to resolve a token.
    env = { ISSUER, AUTH: { jwks: async () => ({ keys }), denied } } as unknown as GatewayEnv;
  });

  const claims = (change: Record<string, unknown> = {}) => ({
    ...{ iss: ISSUER, aud: ISSUER, sub: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f", sid: "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990" },
    ...{ role: "user", iat: nowSeconds() - 5, exp: nowSeconds() + 600, auth_time: nowSeconds() - 5 },
    ...change,
  });
  const sign = (change: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key: Key = ours.privateKey) =>
    new SignJWT(claims(change)).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid, ...header }).sign(key);
  type Key = Parameters<SignJWT["sign"]>[0];
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = (header: unknown) => `${encoded(header)}.${encoded(claims())}.AAAA`;

  test.each<[string, string, () => Promise<string>]>([
    ["alg none", "algorithm", async () => unsigned({ alg: "none", typ: "at+jwt", kid })],
    [
      "HS256 with the public key",
      "algorithm",
      async () => sign({}, { alg: "HS256" }, new TextEncoder().encode(await exportSPKI(ours.publicKey))),
    ],
    ["an ID token", "type", () => sign({}, { typ: "JWT" })],
    ["a jku", "key_offered", () => sign({}, { jku: "https://evil.example/jwks.json" }, foreign.privateKey)],
    ["a jku under our own signature", "key_offered", () => sign({}, { jku: "https://evil.example/jwks.json" })],
    ["a key in the token", "key_offered", async () => sign({}, { jwk: await exportJWK(foreign.publicKey) }, foreign.privateKey)],
    ["a kid that is a path", "key_unknown", () => sign({}, { kid: "../../../../dev/null" })],
    ["a kid that is a URL", "key_unknown", () => sign({}, { kid: "https://evil.example/key" })],
    ["a kid that is no text", "key_unknown", async () => unsigned({ alg: "RS256", typ: "at+jwt", kid: { toString: kid } })],
    ["another's signature", "signature", () => sign({}, {}, foreign.privateKey)],
    ["another issuer", "issuer", () => sign({ iss: "https://evil.example" })],
    ["another audience", "audience", () => sign({ aud: "https://other.example" })],
    ["a future one", "future", () => sign({ iat: nowSeconds() + 120 })],
    ["one for later", "future", () => sign({ nbf: nowSeconds() + 120 })],
    ["an unknown role", "claims", () => sign({ role: "root" })],
    ["no JSON", "malformed", async () => "bm90.bm90.bm90"],
    ["null for a header", "malformed", async () => unsigned(null)],
  ])("%s", async (_, reason, forge) => {
    vi.useRealTimers();
    const token = await forge();
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const request = new Request(`${ISSUER}/users/profile`, { headers: { authorization: `Bearer ${token}` } });
    const principal = await principalOf(request, { audience: ISSUER, organizerId: null }, env, after);
    expect(principal).toEqual({ kind: "refused", code: "credential_invalid" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lines).toEqual([line(reason, 1)]);
    expect(JSON.stringify(lines)).not.toContain(token.split(".")[1]);
  });

  test("and one of ours is told nowhere, expired or not", async () => {
    for (const [token, kind] of [
      [await sign(), "user"],
      [await sign({ iat: nowSeconds() - 700, exp: nowSeconds() - 60 }), "refused"],
    ]) {
      const request = new Request(`${ISSUER}/users/profile`, { headers: { authorization: `Bearer ${token}` } });
      expect(await principalOf(request, { audience: ISSUER, organizerId: null }, env, after)).toMatchObject({ kind });
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lines).toEqual([]);
  });
});
