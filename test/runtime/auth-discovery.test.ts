import { applyD1Migrations, createExecutionContext, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { app } from "../../workers/auth/routes";
import { PUBLISHED_BEFORE_MS, rotateSigningKeys, SIGNING_MS } from "../../workers/auth/signing-keys";
import { registerVerified, settled, startAuth, tokensOf } from "../support/auth";

const EMAIL = "ada@bilten.example";
const ISSUER = new URL("https://api.bilten.example");
let nowMs = Date.parse("2027-03-01T12:00:00Z");

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
  await applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth);
});
afterEach(async () => {
  vi.useRealTimers();
  await settled();
  await reset();
});
const pass = (ms: number): void => {
  nowMs += ms;
  vi.setSystemTime(nowMs);
};

/** An auth with its own address, whose public pages a client fetches. */
function startIssuer() {
  const auth = startAuth();
  auth.env.ISSUER = ISSUER.origin;
  auth.env.KEY_ENCRYPTION_KEY = crypto.randomUUID();
  const fetched: string[] = [];
  const fetchPage = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    fetched.push(new URL(url).pathname);
    return app.fetch(new Request(url, init), auth.env, createExecutionContext());
  };
  const issue = async () =>
    (await tokensOf(auth, EMAIL, { audience: { audience: ISSUER.origin, organizerId: null }, nowMs })).accessToken;
  return { auth, fetched, fetchPage, issue };
}

describe("a client that knows nothing of ours but the issuer's address", () => {
  test("verifies access tokens by discovery across a rotation, as RFC 9068 has it (oauth4webapi)", async () => {
    const { auth, fetchPage, issue } = startIssuer();
    await registerVerified(auth, EMAIL, nowMs);
    const options = { [oauth.customFetch]: (url: string, init: object) => fetchPage(url, init) };
    const discovered = await oauth.discoveryRequest(ISSUER, { ...options, algorithm: "oidc" });
    const server = await oauth.processDiscoveryResponse(ISSUER, discovered);
    const check = (token: string, audience = ISSUER.origin) =>
      oauth.validateJwtAccessToken(
        server,
        new Request(new URL("/users/profile", ISSUER), { headers: { authorization: `Bearer ${token}` } }),
        audience,
        options,
      );
    expect(await check(await issue())).toMatchObject({ iss: ISSUER.origin, client_id: "bilten" });
    await expect(check(await issue(), "https://other.example")).rejects.toThrow();

    pass(SIGNING_MS - PUBLISHED_BEFORE_MS);
    await rotateSigningKeys(auth.env, nowMs);
    pass(PUBLISHED_BEFORE_MS);
    const lastOfOld = await issue();
    await rotateSigningKeys(auth.env, nowMs);
    pass(61_000);
    for (const token of [lastOfOld, await issue()]) expect(await check(token)).toMatchObject({ iss: ISSUER.origin });
  });

  test("meets no key that its copy of the set lacks, because a key is published before it signs (jose)", async () => {
    const { auth, fetched, fetchPage, issue } = startIssuer();
    await registerVerified(auth, EMAIL, nowMs);
    await issue();
    pass(SIGNING_MS - PUBLISHED_BEFORE_MS);
    await rotateSigningKeys(auth.env, nowMs);
    const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", ISSUER), {
      [customFetch]: (url, init) => fetchPage(url, init),
      cacheMaxAge: Number.POSITIVE_INFINITY,
    });
    const verify = async (token: string) =>
      (
        await jwtVerify(token, keys, {
          issuer: ISSUER.origin,
          audience: ISSUER.origin,
          typ: "at+jwt",
          currentDate: new Date(nowMs),
        })
      ).protectedHeader.kid;
    const before = await verify(await issue());
    pass(PUBLISHED_BEFORE_MS);
    await rotateSigningKeys(auth.env, nowMs);
    pass(61_000);
    expect(await verify(await issue())).not.toBe(before);
    expect(fetched.filter((path) => path.endsWith("jwks.json"))).toHaveLength(1);
  });
});
