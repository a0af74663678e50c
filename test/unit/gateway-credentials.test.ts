import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type AskedHost, principalOf, readerOf } from "../../workers/gateway/credentials";

const ISSUER = "https://api.bilten.example";
const SITE = "demo.localhost:8787";
const kid = "test-key";
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let ours: Pair;
let foreign: Pair;
let jwk: Awaited<ReturnType<typeof exportJWK>>;

beforeAll(async () => {
  ours = await generateKeyPair("RS256", { extractable: true });
  foreign = await generateKeyPair("RS256");
  jwk = { ...(await exportJWK(ours.publicKey)), kid, alg: "RS256", use: "sig" };
});

const seconds = (offset = 0) => Math.floor(Date.now() / 1000) + offset;

const claims = (change: Record<string, unknown> = {}): JWTPayload => ({
  iss: ISSUER,
  aud: ISSUER,
  sub: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  sid: "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990",
  role: "user",
  iat: seconds(-5),
  exp: seconds(600),
  auth_time: seconds(-5),
  jti: "1",
  ...change,
});

const sign = (payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}, key: CryptoKey | Uint8Array = ours.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid, ...header }).sign(key);

// The gateway reads nothing else of its environment to resolve a credential.
const env = {
  ISSUER,
  AUTH: {
    jwks: async () => ({ keys: [jwk] }),
    denied: async () => ({ asOfMs: Date.now(), allNotBeforeMs: 0, denials: [] }),
  },
} as unknown as GatewayEnv;
const after = { waitUntil: () => undefined };

const ORGANIZER = "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739aa";
const onSite: AskedHost = { audience: SITE, organizerId: ORGANIZER };

const resolve = (authorization: string | null, host: AskedHost = { audience: ISSUER, organizerId: null }) =>
  principalOf(
    new Request("https://api.bilten.example/", authorization === null ? {} : { headers: { authorization } }),
    host,
    env,
    after,
  );

const refused = { kind: "refused", code: "credential_invalid" };

describe("the credential's shape decides", () => {
  test("no header is nobody", async () => {
    expect(await resolve(null)).toEqual({ kind: "anonymous" });
  });

  test("a hold's and an order's secret pass through unread", async () => {
    for (const secret of ["bh_abc-DEF_1", "bo_1_abc"])
      expect(await resolve(`Bearer ${secret}`)).toEqual({ kind: "bearer_secret", secret });
  });

  test("anything else is refused", async () => {
    for (const header of [
      "Basic YTpi",
      "Bearer",
      "Bearer a b",
      "Bearer bk_live_x",
      `Bearer ${"a".repeat(5000)}`,
      "Bearer a.b",
      "nonsense",
    ]) {
      expect(await resolve(header), header).toEqual(refused);
    }
  });
});

describe("a page's cookie", () => {
  const read = (cookie: string, scheme = "https") =>
    readerOf(new Request(`${scheme}://demo.bilten.example/o/1`, { headers: { cookie } }));
  const anonymous = { kind: "anonymous" };

  test("is a hold's or an order's secret, and nothing else", () => {
    for (const secret of ["bh_abc-DEF_1", "bo_1_abc"])
      expect(read(`a=b; __Secure-bilten-secret=${secret}; c=d`)).toEqual({ kind: "bearer_secret", secret });
    for (const other of ["bk_live_x", "a.b.c", "", "bo_1_abc%20", "bo_", `bo_${"a".repeat(201)}`])
      expect(read(`__Secure-bilten-secret=${other}`), other).toEqual(anonymous);
    expect(readerOf(new Request("https://demo.bilten.example/"))).toEqual(anonymous);
  });

  test("counts over TLS only under the name that TLS alone can set", () => {
    expect(read("bilten-secret=bo_1_abc")).toEqual(anonymous);
    expect(read("bilten-secret=bo_1_abc", "http")).toMatchObject({ secret: "bo_1_abc" });
    expect(read("not-bilten-secret=bo_1_abc", "http")).toEqual(anonymous);
  });
});

test("an order's key in a link is read before the cookie's, where a page is asked for and it is one", () => {
  const headers = { cookie: "__Secure-bilten-secret=bo_kept" };
  const read = (query: string, method = "GET") =>
    readerOf(new Request(`https://demo.bilten.example/o/1${query}`, { method, headers }));
  expect(read("?token=bo_linked&x=1")).toEqual({ kind: "bearer_secret", secret: "bo_linked" });
  for (const query of ["", "?token=", "?token=bh_hold", "?token=bk_live_x", "?token=a.b.c", "?q=token=bo_linked"])
    expect(read(query), query).toEqual({ kind: "bearer_secret", secret: "bo_kept" });
  expect(read("?token=bo_linked", "POST")).toEqual({ kind: "bearer_secret", secret: "bo_kept" });
});

describe("an access token", () => {
  test("of ours is the person in it", async () => {
    const { sub, sid } = claims();
    expect(await resolve(`Bearer ${await sign(claims())}`)).toMatchObject({
      kind: "user",
      userId: sub,
      sessionId: sid,
      role: "user",
      organizerHost: false,
    });
  });

  test("made on an organizer's host works there and nowhere else", async () => {
    const token = await sign(claims({ aud: SITE, org: ORGANIZER }));
    expect(await resolve(`Bearer ${token}`, onSite)).toMatchObject({ kind: "user", organizerHost: true });
    expect(await resolve(`Bearer ${token}`)).toEqual(refused);
    expect(await resolve(`Bearer ${await sign(claims())}`, onSite)).toEqual(refused);
  });

  test("made for an organizer ends when the host passes to another", async () => {
    const token = await sign(claims({ aud: SITE, org: ORGANIZER }));
    expect(await resolve(`Bearer ${token}`, { ...onSite, organizerId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739bb" })).toEqual(refused);
    expect(await resolve(`Bearer ${await sign(claims({ aud: SITE }))}`, onSite)).toEqual(refused);
  });

  test("that was verified lately ends when it says and works on its host alone", async () => {
    const token = `Bearer ${await sign(claims({ exp: seconds(20) }))}`;
    try {
      expect((await resolve(token)).kind).toBe("user");
      expect(await resolve(token, onSite)).toEqual(refused);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 15_000 });
      expect((await resolve(token)).kind).toBe("user");
      vi.advanceTimersByTime(6_000);
      expect(await resolve(token)).toEqual({ kind: "refused", code: "credential_expired" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("that has expired says so", async () => {
    const token = await sign(claims({ iat: seconds(-700), exp: seconds(-1) }));
    expect(await resolve(`Bearer ${token}`)).toEqual({ kind: "refused", code: "credential_expired" });
  });

  test("is refused for a wrong issuer, audience, role, time, type, key or id", async () => {
    const tokens = {
      issuer: await sign(claims({ iss: "https://evil.example" })),
      audience: await sign(claims({ aud: "https://other.example" })),
      "list of audiences": await sign(claims({ aud: [ISSUER, "https://other.example"] })),
      role: await sign(claims({ role: "root" })),
      "no role": await sign(claims({ role: undefined })),
      future: await sign(claims({ iat: seconds(120) })),
      "not yet": await sign(claims({ nbf: seconds(120) })),
      "no expiry": await sign(claims({ exp: undefined })),
      "id token": await sign(claims(), { typ: "JWT" }),
      "foreign key": await sign(claims(), {}, foreign.privateKey),
      "kid as a path": await sign(claims(), { kid: "../../etc/passwd" }),
      "kid as a URL": await sign(claims(), { kid: "https://evil.example/jwks.json" }),
      jku: await sign(claims(), { kid: "other", jku: "https://evil.example/jwks.json" }, foreign.privateKey),
    };
    for (const [what, token] of Object.entries(tokens)) expect(await resolve(`Bearer ${token}`), what).toEqual(refused);
  });

  test("with alg none, or HS256 under the public key, is refused", async () => {
    const none = `${btoa(JSON.stringify({ alg: "none", typ: "at+jwt", kid })).replace(/=/g, "")}.${btoa(JSON.stringify(claims())).replace(/=/g, "")}.x`;
    expect(await resolve(`Bearer ${none}`)).toEqual(refused);
    const publicKey = new TextEncoder().encode(await exportSPKI(ours.publicKey));
    expect(await resolve(`Bearer ${await sign(claims(), { alg: "HS256" }, publicKey)}`)).toEqual(refused);
  });

  test("that was altered after signing is refused", async () => {
    const [header, payload, signature] = (await sign(claims())).split(".");
    const admin = btoa(JSON.stringify(claims({ role: "admin" })))
      .replace(/=/g, "")
      .replace(/\+/g, "-")
      .replace(/\//g, "_");
    expect(await resolve(`Bearer ${header}.${admin}.${signature}`)).toEqual(refused);
    expect(await resolve(`Bearer ${header}.${payload}.${signature?.slice(0, -6)}AAAAAA`)).toEqual(refused);
  });
});
