/** Browsers' sessions in auth: opened, found by the cookie's hash, noted, renewed and ended. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SESSION_SECRET } from "../../shared/contracts/session-cookie";
import { sha256 } from "../../shared/crypto/bytes";
import { csrfTokenOf } from "../../shared/http/session-cookie";
import { findByEmail, setRole } from "../../workers/auth/accounts";
import { type CookieGrant, cookieSessionOf, currentSession } from "../../workers/auth/cookie-sessions";
import { logIn } from "../../workers/auth/login";
import { changePassword } from "../../workers/auth/password-change";
import { listSecurityEvents } from "../../workers/auth/security-events";
import { IDLE_MS, SESSION_MS } from "../../workers/auth/session-ends";
import { listSessions } from "../../workers/auth/session-list";
import { revoke, type SessionAnswer, sweepSessions } from "../../workers/auth/sessions";
import { stepUp } from "../../workers/auth/step-up";
import { noteUse } from "../../workers/auth/uses";
import { type Auth, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth, tokensOf } from "../support/auth";

const EMAIL = "ada@bilten.example";
const MINUTE_MS = 60_000;

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

function cookieIn(answer: SessionAnswer): CookieGrant {
  if (!("secret" in answer)) throw new Error("tokens, and no cookie");
  return answer;
}

async function signIn(auth: Auth, { nowMs = NOW_MS, inHand = null as string | null } = {}): Promise<CookieGrant> {
  const answer = await logIn(auth.env, auth.after, { email: EMAIL, password: PASSWORD }, { ...HERE, cookie: { inHand } }, nowMs);
  if (!answer.ok) throw new Error(answer.error.code);
  if ("mfaRequired" in answer.value) throw new Error("a second factor is asked for");
  return cookieIn(answer.value);
}
const stateOf = async (auth: Auth, secret: string, nowMs = NOW_MS) =>
  cookieSessionOf(auth.env, auth.after, await sha256(secret), nowMs);

async function live(auth: Auth, secret: string, nowMs = NOW_MS) {
  const found = await stateOf(auth, secret, nowMs);
  if (found.state !== "live") throw new Error(found.state);
  return { userId: found.userId, sessionId: found.sessionId, cookie: secret };
}

async function start() {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  return { auth, granted: await signIn(auth) };
}

describe("a browser's session", () => {
  test("is opened by a secret that the database does not hold, and brings no tokens", async () => {
    const { granted } = await start();
    expect(granted.secret).toMatch(SESSION_SECRET);
    expect(granted.maxAgeSeconds).toBe(SESSION_MS / 1_000);
    expect(Object.keys(granted.session).sort()).toEqual(["csrfToken", "expiresAt", "user"]);
    expect(granted.session.csrfToken).toBe(await csrfTokenOf(granted.secret));
    expect(Date.parse(granted.session.expiresAt)).toBe(NOW_MS + IDLE_MS);
    const { results } = await env.AUTH_DB.prepare("SELECT * FROM sessions").all();
    expect(JSON.stringify(results)).toContain(await sha256(granted.secret));
    expect(JSON.stringify(results)).not.toContain(granted.secret.slice(3));
    expect(JSON.stringify(results)).not.toContain(granted.session.csrfToken);
    expect((await env.AUTH_DB.prepare("SELECT * FROM refresh_tokens").all()).results).toEqual([]);
  });

  test("is found by the cookie's hash, and nobody by another one", async () => {
    const { auth, granted } = await start();
    const account = await findByEmail(auth.env, EMAIL);
    expect(await stateOf(auth, granted.secret)).toEqual({
      state: "live",
      userId: account?.id,
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      role: "user",
      authTimeMs: NOW_MS,
      ...HERE,
    });
    expect(await stateOf(auth, "bs_another")).toEqual({ state: "ended" });
  });

  test("stands in the list like any other, and says when it was used, once a minute", async () => {
    const { auth, granted } = await start();
    const who = await live(auth, granted.secret, NOW_MS + MINUTE_MS - 1);
    const lastUse = async () => {
      await settled();
      const { data } = await listSessions(auth.env, who, { limit: 10 }, NOW_MS + 1);
      return data.map(({ current, lastUsedAt }) => ({ current, lastUsedMs: Date.parse(lastUsedAt) - NOW_MS }));
    };
    expect(await lastUse()).toEqual([{ current: true, lastUsedMs: 0 }]);
    await live(auth, granted.secret, NOW_MS + MINUTE_MS);
    expect(await lastUse()).toEqual([{ current: true, lastUsedMs: MINUTE_MS }]);
  });

  test("ends a month after its last use, and ninety days after the sign-in however much it is used", async () => {
    const { auth, granted } = await start();
    expect((await stateOf(auth, granted.secret, NOW_MS + IDLE_MS)).state).toBe("ended");
    for (let atMs = NOW_MS; atMs < NOW_MS + SESSION_MS; atMs += IDLE_MS - 1) {
      await live(auth, granted.secret, atMs);
      await settled();
    }
    expect((await stateOf(auth, granted.secret, NOW_MS + SESSION_MS)).state).toBe("ended");
    expect(await sweepSessions(auth.env, NOW_MS + SESSION_MS)).toBe(1);
  });

  test("ends when it is revoked, and while the account is suspended", async () => {
    const { auth, granted } = await start();
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    expect((await stateOf(auth, granted.secret)).state).toBe("ended");
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'active'").run();
    const { sessionId } = await live(auth, granted.secret);
    await revoke(auth.env, auth.after, sessionId, "logout", NOW_MS);
    expect((await stateOf(auth, granted.secret)).state).toBe("ended");
  });

  test("has the account's role of now, and goes on when its owner changes the password, as no other does", async () => {
    const { auth, granted } = await start();
    const other = await signIn(auth);
    await setRole(auth.env, auth.after, EMAIL, "admin", NOW_MS);
    expect(await stateOf(auth, granted.secret)).toMatchObject({ state: "live", role: "admin" });
    const change = { currentPassword: PASSWORD, newPassword: "another cup of earl grey" };
    expect(await changePassword(auth.env, auth.after, await live(auth, granted.secret), change, NOW_MS)).toMatchObject({
      ok: true,
    });
    expect((await stateOf(auth, granted.secret)).state).toBe("live");
    expect((await stateOf(auth, other.secret)).state).toBe("ended");
  });

  test("takes the place of the one that the browser showed before, which is not told to be forgotten", async () => {
    const { auth, granted } = await start();
    const next = await signIn(auth, { inHand: granted.secret, nowMs: NOW_MS + 1 });
    expect((await stateOf(auth, granted.secret)).state).toBe("replaced");
    expect((await stateOf(auth, granted.secret, NOW_MS + MINUTE_MS)).state).toBe("replaced");
    expect((await stateOf(auth, granted.secret, NOW_MS + MINUTE_MS + 1)).state).toBe("ended");
    const who = await live(auth, next.secret);
    expect((await listSessions(auth.env, who, { limit: 10 }, NOW_MS + 2)).data.map(({ id }) => id)).toEqual([who.sessionId]);
  });
});

test("a use that is noted late, beside a newer one, does not turn the time back", async () => {
  const { auth, granted } = await start();
  const { sessionId } = await live(auth, granted.secret);
  const used = async () => {
    await settled();
    return env.AUTH_DB.prepare("SELECT last_used_at_ms AS at FROM sessions").first<number>("at");
  };
  noteUse(auth.env, auth.after, "sessions", { id: sessionId, lastUsedAtMs: NOW_MS }, NOW_MS + 2 * MINUTE_MS);
  expect(await used()).toBe(NOW_MS + 2 * MINUTE_MS);
  noteUse(auth.env, auth.after, "sessions", { id: sessionId, lastUsedAtMs: NOW_MS }, NOW_MS + MINUTE_MS);
  expect(await used()).toBe(NOW_MS + 2 * MINUTE_MS);
});

test("a session whose place another takes is told of once to its owner, and nothing where none was replaced", async () => {
  const { auth, granted } = await start();
  const { userId } = await live(auth, granted.secret);
  const ends = async () =>
    (await listSecurityEvents(auth.env, userId, { limit: 10 })).data.filter(({ kind }) => kind === "session_ended");
  await signIn(auth, { inHand: `bs_${"A".repeat(43)}`, nowMs: NOW_MS + 1 });
  expect(await ends()).toEqual([]);
  await signIn(auth, { inHand: granted.secret, nowMs: NOW_MS + 2 });
  expect((await ends()).map(({ at }) => Date.parse(at))).toEqual([NOW_MS + 2]);
  await signIn(auth, { inHand: granted.secret, nowMs: NOW_MS + 3 });
  expect(await ends()).toHaveLength(1);
});

describe("a fresh proof", () => {
  const laterMs = NOW_MS + MINUTE_MS;
  const prove = async (auth: Auth, secret: string) => {
    const who = await live(auth, secret, laterMs);
    return stepUp(auth.env, auth.after, who, { password: PASSWORD }, laterMs);
  };

  test("gives the same session another cookie, and the old one opens nothing", async () => {
    const { auth, granted } = await start();
    const before = await live(auth, granted.secret);
    const renewed = await prove(auth, granted.secret);
    if (!renewed.ok) throw new Error(renewed.error.code);
    const next = cookieIn(renewed.value);
    expect(next.secret).not.toBe(granted.secret);
    expect(next.session.csrfToken).toBe(await csrfTokenOf(next.secret));
    expect(next.maxAgeSeconds).toBe((SESSION_MS - MINUTE_MS) / 1_000);
    expect(await stateOf(auth, next.secret, laterMs)).toMatchObject({ sessionId: before.sessionId, authTimeMs: laterMs });
    expect((await stateOf(auth, granted.secret, laterMs)).state).toBe("replaced");
    expect((await stateOf(auth, granted.secret, laterMs + MINUTE_MS - 1)).state).toBe("replaced");
    expect((await stateOf(auth, granted.secret, laterMs + MINUTE_MS)).state, "its browser never got the other").toBe("ended");
    expect((await stateOf(auth, next.secret, laterMs + MINUTE_MS)).state).toBe("live");
    expect(await stepUp(auth.env, auth.after, before, { password: PASSWORD }, laterMs)).toMatchObject({
      error: { code: "credential_invalid" },
    });
  });

  test("from two tabs at once gives one cookie, so that none overwrites the one that counts", async () => {
    const { auth, granted } = await start();
    const both = await Promise.all([prove(auth, granted.secret), prove(auth, granted.secret)]);
    const [won, ...others] = both.flatMap((answer) => (answer.ok ? [cookieIn(answer.value)] : []));
    expect(others).toEqual([]);
    expect((await stateOf(auth, won?.secret ?? "", laterMs)).state).toBe("live");
  });

  test("is not to be had for a browser's session without its cookie", async () => {
    const { auth, granted } = await start();
    const { userId, sessionId } = await live(auth, granted.secret);
    expect(await stepUp(auth.env, auth.after, { userId, sessionId }, { password: PASSWORD }, laterMs)).toMatchObject({
      error: { code: "credential_invalid" },
    });
    expect((await stateOf(auth, granted.secret, laterMs)).state).toBe("live");
  });
});

describe("the session that asks", () => {
  test("says who it is, when it ends and when he proved it; the token of a cookie, and none of a token", async () => {
    const { auth, granted } = await start();
    const shown = await currentSession(auth.env, await live(auth, granted.secret), NOW_MS + 1);
    expect(shown).toMatchObject({
      value: {
        user: { email: EMAIL },
        csrfToken: granted.session.csrfToken,
        expiresAt: granted.session.expiresAt,
        authTime: new Date(NOW_MS).toISOString(),
      },
    });
    const { user } = await tokensOf(auth, EMAIL, { nowMs: NOW_MS + 1 });
    const { data } = await listSessions(auth.env, { userId: user.id, sessionId: "" }, { limit: 1 }, NOW_MS + 1);
    const byToken = await currentSession(auth.env, { userId: user.id, sessionId: data[0]?.id ?? "" }, NOW_MS + 1);
    expect(byToken).toMatchObject({ value: { csrfToken: null } });
  });

  test("is over when it was ended a moment ago, whatever the gateway remembers", async () => {
    const { auth, granted } = await start();
    const who = await live(auth, granted.secret);
    await revoke(auth.env, auth.after, who.sessionId, "logout", NOW_MS);
    expect(await currentSession(auth.env, who, NOW_MS)).toMatchObject({ error: { code: "credential_invalid" } });
  });
});

test("a cookie is found by its indexes", async () => {
  const { results } = await env.AUTH_DB.prepare(
    "EXPLAIN QUERY PLAN SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.cookie_hash = ?1 OR (s.former_cookie_hash = ?1 AND s.replaced_at_ms > ?2)",
  )
    .bind("x", NOW_MS)
    .all<{ detail: string }>();
  const plan = results.map(({ detail }) => detail).join("\n");
  expect(plan).toContain("sessions_by_cookie");
  expect(plan).toContain("sessions_by_former_cookie");
  expect(plan).not.toMatch(/^SCAN/m);
});
