/** Proving again who one is. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refresh } from "../../workers/auth/sessions";
import { stepUp } from "../../workers/auth/step-up";
import { type Auth, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth, tokensIn, tokensOf } from "../support/auth";
import { addApp } from "../support/authenticator-app";

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
  const { codeAt } = await addApp(auth, userId, NOW_MS);
  return { auth, me: { userId, sessionId: String(sid) }, codeAt };
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

test("does nothing for a session that is over", async () => {
  const { me, ...ada } = await startWithApp();
  await env.AUTH_DB.prepare("UPDATE sessions SET revoked_at_ms = 1, revoked_because = 'logout'").run();
  const nowMs = NOW_MS + STEP_MS;
  expect(await stepUp(ada.auth.env, ada.auth.after, me, { method: "totp", code: ada.codeAt(nowMs) }, nowMs)).toMatchObject({
    error: { code: "credential_invalid" },
  });
});
