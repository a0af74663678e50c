import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AccessTokenClaims } from "../../shared/contracts/accounts";
import { logIn } from "../../workers/auth/login";
import { register } from "../../workers/auth/registration";
import { refresh, revoke, sweepSessions } from "../../workers/auth/sessions";
import { publicKeys } from "../../workers/auth/signing-keys";
import { type Auth, draftOf, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { swapSql } from "../support/swapped-database";
import { interceptTrips } from "../support/tripped-database";

const EMAIL = "ada@bilten.example";
const DAY_MS = 86_400_000;
const SITE = { audience: "demo.localhost:8787", organizerId: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10" };

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

const signIn = (auth: Auth, audience: typeof HERE | typeof SITE = HERE, nowMs = NOW_MS) =>
  tokensOf(auth, EMAIL, { audience, nowMs });

const status = (to: string) => env.AUTH_DB.prepare("UPDATE accounts SET status = ?").bind(to).run();

describe("signing in", () => {
  test("a wrong password and an unknown address are refused alike, whatever the account's state", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const refused = { ok: false, error: { code: "invalid_credentials" } };
    expect(await logIn(auth.env, auth.after, { email: EMAIL, password: "wrong" }, HERE, NOW_MS)).toEqual(refused);
    expect(await logIn(auth.env, auth.after, { email: "x@bilten.example", password: PASSWORD }, HERE, NOW_MS)).toEqual(refused);
    await status("suspended");
    expect(await logIn(auth.env, auth.after, { email: EMAIL, password: "wrong" }, HERE, NOW_MS)).toEqual(refused);
  });

  test("only the right password learns that the account is pending, suspended or deleted", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const offered = { email: EMAIL.toUpperCase(), password: PASSWORD };
    expect(await logIn(auth.env, auth.after, offered, HERE, NOW_MS)).toEqual({
      ok: false,
      error: { code: "email_not_verified" },
    });
    for (const barred of ["suspended", "deleted"]) {
      await status(barred);
      expect(await logIn(auth.env, auth.after, offered, HERE, NOW_MS)).toEqual({
        ok: false,
        error: { code: "account_suspended" },
      });
    }
  });

  test("the access token says what RFC 9068 asks for, and its session's host", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    // RFC 7517 says the same as the platform's type, member for member.
    const keys = createLocalJWKSet((await publicKeys(auth.env, NOW_MS)) as unknown as JSONWebKeySet);
    for (const where of [HERE, SITE]) {
      const { accessToken, user } = await signIn(auth, where);
      const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
        issuer: HERE.audience,
        audience: where.audience,
        typ: "at+jwt",
        algorithms: ["RS256"],
        currentDate: new Date(NOW_MS),
      });
      const claims = AccessTokenClaims.parse(payload);
      expect(protectedHeader.kid).toBeTypeOf("string");
      expect(claims).toMatchObject({ sub: user.id, role: "user", client_id: "bilten", auth_time: NOW_MS / 1000 });
      expect(claims.exp - claims.iat).toBe(600);
      expect(claims.org).toBe(where.organizerId ?? undefined);
    }
  });

  test("the database holds no token and no password", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken, accessToken } = await signIn(auth);
    for (const table of ["accounts", "sessions", "refresh_tokens", "account_mails", "outbox", "signing_keys"]) {
      const { results } = await env.AUTH_DB.prepare(`SELECT * FROM ${table}`).all();
      const text = JSON.stringify(results);
      for (const secret of [refreshToken, accessToken, PASSWORD, '"d"', "PRIVATE"]) expect(text, table).not.toContain(secret);
    }
  });
});

describe("staying in", () => {
  test("each refresh token works once, and the session's sign-in time stays", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const first = await signIn(auth);
    const second = await refresh(auth.env, auth.after, first.refreshToken, HERE, NOW_MS + 60_000);
    if (!second.ok) throw new Error(second.error.code);
    expect(second.value.refreshToken).not.toBe(first.refreshToken);
    const third = await refresh(auth.env, auth.after, second.value.refreshToken, HERE, NOW_MS + 120_000);
    expect(third).toMatchObject({ ok: true, value: { tokenType: "Bearer", expiresIn: 600 } });
  });

  test("a used token again ends the whole session, the newest token included", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const elsewhere = await signIn(auth);
    const first = await signIn(auth);
    const second = await refresh(auth.env, auth.after, first.refreshToken, HERE, NOW_MS + 1);
    if (!second.ok) throw new Error(second.error.code);
    expect(await refresh(auth.env, auth.after, first.refreshToken, HERE, NOW_MS + 2)).toEqual({
      ok: false,
      error: { code: "refresh_token_reused" },
    });
    expect(await refresh(auth.env, auth.after, second.value.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: false });
    // Another session of the same person is another family.
    expect(await refresh(auth.env, auth.after, elsewhere.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: true });
  });

  test("signed out while its token is being used, a session ends without a word of a second use", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken, accessToken } = await signIn(auth);
    let ended = false;
    const late = interceptTrips(env.AUTH_DB, async (go) => {
      const answer = await go();
      if (!ended) {
        ended = true;
        await revoke(auth.env, auth.after, String(decodeJwt(accessToken).sid), "logout", NOW_MS);
      }
      return answer;
    });
    expect(await refresh({ ...auth.env, DB: late }, auth.after, refreshToken, HERE, NOW_MS + 1)).toEqual({
      ok: false,
      error: { code: "refresh_token_invalid" },
    });
    const { results } = await env.AUTH_DB.prepare("SELECT revoked_because FROM sessions").all();
    expect(results).toEqual([{ revoked_because: "logout" }]);
  });

  test("of two refreshes at once with one token exactly one wins, and the session ends", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken } = await signIn(auth);
    const answers = await Promise.all([1, 2].map(() => refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 1)));
    const won = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
    expect(won).toHaveLength(1);
    expect(answers).toContainEqual({ ok: false, error: { code: "refresh_token_reused" } });
    expect(await refresh(auth.env, auth.after, won[0]?.refreshToken ?? "", HERE, NOW_MS + 2)).toMatchObject({ ok: false });
  });

  test("control: without the guarding condition both win", async () => {
    const { db, swaps } = swapSql(env.AUTH_DB, "AND used_at_ms IS NULL", "");
    const auth = startAuth({ db });
    await registerVerified(startAuth(), EMAIL);
    const { refreshToken } = await signIn(auth);
    const answers = await Promise.all([1, 2].map(() => refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 1)));
    expect(swaps()).toBe(2);
    expect(answers.filter((answer) => answer.ok)).toHaveLength(2);
  });

  test("a session of one host is nobody's on another, and is not used up by the try", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken } = await signIn(auth, SITE);
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 1)).toEqual({
      ok: false,
      error: { code: "refresh_token_invalid" },
    });
    expect(await refresh(auth.env, auth.after, refreshToken, SITE, NOW_MS + 2)).toMatchObject({ ok: true });
  });

  test("a host that has passed to another organizer continues nobody's session there", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken } = await signIn(auth, SITE);
    const passed = { ...SITE, organizerId: crypto.randomUUID() };
    expect(await refresh(auth.env, auth.after, refreshToken, passed, NOW_MS + 1)).toEqual({
      ok: false,
      error: { code: "refresh_token_invalid" },
    });
    expect(await refresh(auth.env, auth.after, refreshToken, SITE, NOW_MS + 2)).toMatchObject({ ok: true });
  });

  test("unknown, signed out, idle for a month and older than ninety days are over", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const over = { ok: false, error: { code: "refresh_token_invalid" } };
    expect(await refresh(auth.env, auth.after, "br_unknown", HERE, NOW_MS)).toEqual(over);

    const idle = await signIn(auth);
    expect(await refresh(auth.env, auth.after, idle.refreshToken, HERE, NOW_MS + 30 * DAY_MS)).toEqual(over);

    let { refreshToken } = await signIn(auth);
    for (const day of [25, 50, 75, 89]) {
      const next = await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + day * DAY_MS);
      if (!next.ok) throw new Error(`${day}: ${next.error.code}`);
      refreshToken = next.value.refreshToken;
    }
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 90 * DAY_MS)).toEqual(over);

    const signedOut = await signIn(auth);
    const { sid } = AccessTokenClaims.parse(decodeJwt(signedOut.accessToken));
    await revoke(auth.env, auth.after, sid, "logout", NOW_MS);
    expect(await refresh(auth.env, auth.after, signedOut.refreshToken, HERE, NOW_MS + 1)).toEqual(over);
  });

  test("a suspended account gets no new token", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const { refreshToken } = await signIn(auth);
    await status("suspended");
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 1)).toEqual({
      ok: false,
      error: { code: "account_suspended" },
    });
  });

  test("a session past its end is swept with its tokens", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await signIn(auth);
    expect(await sweepSessions(auth.env, NOW_MS + 90 * DAY_MS - 1)).toBe(0);
    expect(await sweepSessions(auth.env, NOW_MS + 90 * DAY_MS)).toBe(1);
    expect(await env.AUTH_DB.prepare("SELECT hash FROM refresh_tokens").all()).toMatchObject({ results: [] });
  });

  test("a session with more tokens than a sweep takes goes when the last of them went", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await signIn(auth);
    await env.AUTH_DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
       INSERT INTO refresh_tokens (hash, session_id, created_at_ms, expires_at_ms)
       SELECT 'old' || i, sessions.id, 0, 0 FROM n, sessions`,
    ).run();
    const left = async () => (await env.AUTH_DB.prepare("SELECT count(*) AS n FROM refresh_tokens").first<{ n: number }>())?.n;
    expect([await sweepSessions(auth.env, NOW_MS + 90 * DAY_MS), await left()]).toEqual([0, 501]);
    expect([await sweepSessions(auth.env, NOW_MS + 90 * DAY_MS), await left()]).toEqual([1, 0]);
  });
});
