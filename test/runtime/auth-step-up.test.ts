/** Proving again who one is. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refresh } from "../../workers/auth/sessions";
import { stepUp } from "../../workers/auth/step-up";
import { type Auth, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth, tokensIn, tokensOf } from "../support/auth";
import { addApp } from "../support/authenticator-app";
import { swapSql } from "../support/swapped-database";
import { interceptTrips } from "../support/tripped-database";

const EMAIL = "ada@bilten.example";
const STEP_MS = 30_000;

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

interface Ada {
  auth: Auth;
  me: { userId: string; sessionId: string };
  codeAt(nowMs: number): string;
}

async function startWithApp(): Promise<Ada> {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const { sub: userId = "", sid } = decodeJwt((await tokensOf(auth, EMAIL)).accessToken);
  const me = { userId, sessionId: String(sid) };
  const { codeAt } = await addApp(auth, me, NOW_MS);
  return { auth, me, codeAt };
}

test("gives tokens of the same session with a new auth_time, and ends the refresh token in hand", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const before = await tokensOf(auth, EMAIL);
  const { sub: userId = "", sid } = decodeJwt(before.accessToken);
  const me = { userId, sessionId: String(sid) };
  const laterMs = NOW_MS + 3_600_000;
  expect(await stepUp(auth.env, auth.after, me, { password: "wrong" }, laterMs)).toMatchObject({
    error: { code: "invalid_credentials" },
  });
  const renewed = await stepUp(auth.env, auth.after, me, { password: PASSWORD }, laterMs);
  if (!renewed.ok) throw new Error(renewed.error.code);
  const tokens = tokensIn(renewed.value);
  expect(decodeJwt(tokens.accessToken)).toMatchObject({ sid, auth_time: Math.floor(laterMs / 1000) });
  expect(await refresh(auth.env, auth.after, before.refreshToken, HERE, laterMs)).toMatchObject({
    error: { code: "refresh_token_invalid" },
  });
  const next = await refresh(auth.env, auth.after, tokens.refreshToken, HERE, laterMs + 1);
  expect(next.ok && decodeJwt(next.value.accessToken).auth_time).toBe(Math.floor(laterMs / 1000));
});

test("takes a second factor where there is one, and not the password alone", async () => {
  const { me, ...ada } = await startWithApp();
  const nowMs = NOW_MS + STEP_MS;
  expect(await stepUp(ada.auth.env, ada.auth.after, me, { password: PASSWORD }, nowMs)).toMatchObject({
    error: { code: "second_factor_required" },
  });
  const code = ada.codeAt(nowMs);
  expect(await stepUp(ada.auth.env, ada.auth.after, me, { method: "totp", code }, nowMs)).toMatchObject({ ok: true });
  expect(await stepUp(ada.auth.env, ada.auth.after, me, { method: "totp", code }, nowMs)).toMatchObject({
    error: { code: "code_invalid" },
  });
});

describe("a refresh that has read its token when a fresh proof ends it", () => {
  /** The proof comes between what the refresh reads and what it writes; its clock is ahead of the refresh's, or behind it. */
  async function race(database: (real: D1Database) => D1Database, stepUpMs: number) {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const before = await tokensOf(auth, EMAIL);
    const { sub: userId = "", sid } = decodeJwt(before.accessToken);
    const me = { userId, sessionId: String(sid) };
    const proved: Awaited<ReturnType<typeof stepUp>>[] = [];
    const late = interceptTrips(database(env.AUTH_DB), async (go) => {
      const answer = await go();
      if (proved.length === 0) proved.push(await stepUp(auth.env, auth.after, me, { password: PASSWORD }, stepUpMs));
      return answer;
    });
    const refreshed = await refresh({ ...auth.env, DB: late }, auth.after, before.refreshToken, HERE, NOW_MS + 60_000);
    const [renewed] = proved;
    if (!renewed?.ok) throw new Error(renewed?.error.code);
    return { auth, refreshed, renewed: tokensIn(renewed.value), before };
  }
  const livingTokens = () =>
    env.AUTH_DB.prepare("SELECT count(*) AS n FROM refresh_tokens WHERE used_at_ms IS NULL AND expires_at_ms > ?")
      .bind(NOW_MS + 60_000)
      .first<number>("n");

  for (const [order, stepUpMs] of [
    ["before", NOW_MS + 59_999],
    ["after", NOW_MS + 60_001],
  ] as const)
    test(`opens nothing beside the new tokens, and counts as no second use: proved ${order} its clock`, async () => {
      const { auth, refreshed, renewed } = await race((real) => real, stepUpMs);
      expect(refreshed).toEqual({ ok: false, error: { code: "refresh_token_invalid" } });
      expect(await livingTokens()).toBe(1);
      expect(await refresh(auth.env, auth.after, renewed.refreshToken, HERE, stepUpMs + 1)).toMatchObject({ ok: true });
    });

  test("control: without the end in the condition there are two chains of one session", async () => {
    let swapped = () => 0;
    const { refreshed } = await race((real) => {
      const { db, swaps } = swapSql(real, "AND expires_at_ms > ?1", "");
      swapped = swaps;
      return db;
    }, NOW_MS + 59_999);
    expect([swapped(), refreshed.ok, await livingTokens()]).toEqual([1, true, 2]);
  });
});

test("a token that was replaced unused is not a second use, however often who holds it proves himself", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const first = await tokensOf(auth, EMAIL);
  const { sub: userId = "", sid } = decodeJwt(first.accessToken);
  const tokens = [first];
  for (let n = 1; n <= 8; n++) {
    const answer = await stepUp(auth.env, auth.after, { userId, sessionId: String(sid) }, { password: PASSWORD }, NOW_MS + n);
    if (!answer.ok) throw new Error(answer.error.code);
    tokens.push(tokensIn(answer.value));
  }
  const laterMs = NOW_MS + 60_000;
  for (const { refreshToken } of tokens.slice(0, -1))
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, laterMs)).toMatchObject({
      error: { code: "refresh_token_invalid" },
    });
  expect(await refresh(auth.env, auth.after, tokens.at(-1)?.refreshToken ?? "", HERE, laterMs)).toMatchObject({ ok: true });
  expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM refresh_tokens").first("n")).toBeLessThanOrEqual(10);
});

test("does nothing for a session that is over", async () => {
  const { me, ...ada } = await startWithApp();
  await env.AUTH_DB.prepare("UPDATE sessions SET revoked_at_ms = 1, revoked_because = 'logout'").run();
  const nowMs = NOW_MS + STEP_MS;
  expect(await stepUp(ada.auth.env, ada.auth.after, me, { method: "totp", code: ada.codeAt(nowMs) }, nowMs)).toMatchObject({
    error: { code: "credential_invalid" },
  });
});
