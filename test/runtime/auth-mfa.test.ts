import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { Secret, TOTP } from "otpauth";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SignedIn } from "../../workers/auth/callers";
import { logIn } from "../../workers/auth/login";
import { verifyMfa } from "../../workers/auth/mfa";
import { MFA_LOGIN_MS, sweepMfaLogins } from "../../workers/auth/mfa-logins";
import { factorsOf } from "../../workers/auth/mfa-methods";
import { MOST_TRIES, TRIES, TRIES_PAUSE_MS } from "../../workers/auth/mfa-proofs";
import { forgetPassword, resetPassword } from "../../workers/auth/password-reset";
import { renewRecoveryCodes } from "../../workers/auth/recovery-codes";
import { askForTotp, confirmTotp, disableTotp } from "../../workers/auth/totp-factors";
import {
  type Auth,
  attempt,
  HERE,
  mailedTokens,
  NOW_MS,
  PASSWORD,
  registerVerified,
  settled,
  startAuth,
  tokensOf,
} from "../support/auth";
import { type App, addApp } from "../support/authenticator-app";
import { gatherBatches } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";
const STEP_MS = 30_000;
const CONFIRM_WITHIN_MS = 15 * 60_000;
const SITE = { audience: "demo.localhost:8787", organizerId: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10" };

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

interface Ada extends App {
  auth: Auth;
  id: string;
  me: SignedIn;
}

async function signIn(auth: Auth, email = EMAIL): Promise<SignedIn> {
  const { sub: userId = "", sid } = decodeJwt((await tokensOf(auth, email)).accessToken);
  return { userId, sessionId: String(sid) };
}

/** Her app was confirmed at NOW_MS, which used that step up. */
async function startWithApp(): Promise<Ada> {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const me = await signIn(auth);
  return { auth, id: me.userId, me, ...(await addApp(auth, me, NOW_MS)) };
}

async function mfaToken({ auth }: Ada, nowMs: number, audience: typeof HERE | typeof SITE = HERE): Promise<string> {
  const answer = await logIn(auth.env, auth.after, { email: EMAIL, password: PASSWORD }, audience, nowMs);
  if (!answer.ok || !("mfaRequired" in answer.value)) throw new Error("no second factor was asked for");
  return answer.value.mfaToken;
}

type Method = "totp" | "recovery_code";
const verify = async (
  auth: Auth,
  token: string,
  method: Method,
  code: string,
  nowMs: number,
  audience: typeof HERE | typeof SITE = HERE,
): Promise<string> => {
  const answer = await verifyMfa(auth.env, auth.after, { mfaToken: token, method, code }, audience, nowMs);
  return answer.ok ? "in" : answer.error.code;
};

describe("an authenticator app", () => {
  test("is asked for at login, and its code opens a session once", async () => {
    const ada = await startWithApp();
    const laterMs = NOW_MS + STEP_MS;
    const answer = await logIn(ada.auth.env, ada.auth.after, { email: EMAIL, password: PASSWORD }, HERE, laterMs);
    expect(answer).toMatchObject({ value: { mfaRequired: true, methods: ["totp", "recovery_code"] } });
    const token = await mfaToken(ada, laterMs);
    expect(await verify(ada.auth, token, "totp", "000000", laterMs)).toBe("code_invalid");
    const signedIn = await verifyMfa(
      ada.auth.env,
      ada.auth.after,
      { mfaToken: token, method: "totp", code: ada.codeAt(laterMs) },
      HERE,
      laterMs,
    );
    expect(signedIn).toMatchObject({ value: { tokenType: "Bearer", user: { email: EMAIL, mfaEnabled: true } } });
    expect(await verify(ada.auth, token, "totp", ada.codeAt(laterMs + STEP_MS), laterMs + STEP_MS)).toBe("mfa_token_invalid");
  });

  test("says a code that works once, for another login too, and for none before it", async () => {
    const ada = await startWithApp();
    const nowMs = NOW_MS + 5 * STEP_MS;
    expect(await verify(ada.auth, await mfaToken(ada, nowMs), "totp", ada.codeAt(nowMs), nowMs)).toBe("in");
    const another = await mfaToken(ada, nowMs);
    expect(await verify(ada.auth, another, "totp", ada.codeAt(nowMs), nowMs)).toBe("code_invalid");
    expect(await verify(ada.auth, another, "totp", ada.codeAt(nowMs - STEP_MS), nowMs)).toBe("code_invalid");
    expect(await verify(ada.auth, another, "totp", ada.codeAt(nowMs + STEP_MS), nowMs)).toBe("in");
  });

  test("has used up the step that confirmed it", async () => {
    const ada = await startWithApp();
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "totp", ada.codeAt(NOW_MS), NOW_MS)).toBe("code_invalid");
  });

  test("of one code in two logins at once, one counts", async () => {
    const ada = await startWithApp();
    const nowMs = NOW_MS + STEP_MS;
    const tokens = [await mfaToken(ada, nowMs), await mfaToken(ada, nowMs)];
    const both = startAuth({ db: gatherBatches(env.AUTH_DB, 2) });
    const answers = await Promise.all(tokens.map((token) => verify(both, token, "totp", ada.codeAt(nowMs), nowMs)));
    expect(answers.sort()).toEqual(["code_invalid", "in"]);
  });

  test("is guessed ten times before it pauses, however many logins it takes, and whatever comes at once", async () => {
    const ada = await startWithApp();
    const nowMs = NOW_MS + STEP_MS;
    const tokens = await Promise.all([0, 1, 2].map(() => mfaToken(ada, nowMs)));
    const guess = (n: number) => verify(ada.auth, tokens[n % 3] ?? "", "totp", String(n).padStart(6, "0"), nowMs);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => guess(n)));
    expect(answers.filter((answer) => answer === "code_invalid")).toHaveLength(TRIES);
    expect(answers.filter((answer) => answer === "account_locked")).toHaveLength(20);
    const afterMs = nowMs + TRIES_PAUSE_MS;
    const early = await mfaToken(ada, afterMs - 1);
    expect(await verify(ada.auth, early, "totp", ada.codeAt(afterMs - 1), afterMs - 1)).toBe("account_locked");
    expect(await verify(ada.auth, await mfaToken(ada, afterMs), "totp", ada.codeAt(afterMs), afterMs)).toBe("in");
  });

  test("is guessed a hundred times in a row at most, however long it takes, until another factor is right", async () => {
    const ada = await startWithApp();
    let nowMs = NOW_MS + STEP_MS;
    const paused: number[] = [];
    const guessTen = async () => {
      const token = await mfaToken(ada, nowMs);
      for (let n = 0; n < TRIES; n++) expect(await verify(ada.auth, token, "totp", `00000${n}`, nowMs)).toBe("code_invalid");
      const form = { mfaToken: token, method: "totp" as const, code: ada.codeAt(nowMs) };
      const refused = await verifyMfa(ada.auth.env, ada.auth.after, form, HERE, nowMs);
      return refused.ok || refused.error.code !== "account_locked" ? 0 : (refused.error.retryAfterSeconds ?? 0);
    };
    for (let n = 0; n < MOST_TRIES / TRIES; n++) {
      const seconds = await guessTen();
      paused.push(seconds / 60);
      nowMs += seconds * 1_000;
    }
    expect(paused).toEqual([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440, 1_440]);
    nowMs += 365 * 24 * 3_600_000;
    const token = await mfaToken(ada, nowMs);
    expect(await verify(ada.auth, token, "totp", ada.codeAt(nowMs), nowMs)).toBe("account_locked");
    expect(await verify(ada.auth, token, "recovery_code", "aaaa-bbbb", nowMs)).toBe("code_invalid");
    expect(await verify(ada.auth, token, "recovery_code", ada.recoveryCodes[0] ?? "", nowMs)).toBe("in");
    expect(await verify(ada.auth, await mfaToken(ada, nowMs), "totp", ada.codeAt(nowMs), nowMs)).toBe("in");
  });

  test("whose tries are used up has ten more after a mailed reset, and no hundred", async () => {
    const ada = await startWithApp();
    await env.AUTH_DB.prepare("UPDATE account_factors SET tries = ?, tries_since_ms = ?").bind(MOST_TRIES, NOW_MS).run();
    await forgetPassword(ada.auth.env, ada.auth.after, EMAIL, NOW_MS);
    const [token = ""] = await mailedTokens(ada.auth, EMAIL, "password_reset");
    await resetPassword(ada.auth.env, ada.auth.after, { token, password: PASSWORD.toUpperCase() }, NOW_MS);
    const offer = async (code: string, nowMs: number) => {
      const answer = await logIn(ada.auth.env, ada.auth.after, { email: EMAIL, password: PASSWORD.toUpperCase() }, HERE, nowMs);
      if (!answer.ok || !("mfaRequired" in answer.value)) throw new Error("no second factor was asked for");
      return verify(ada.auth, answer.value.mfaToken, "totp", code, nowMs);
    };
    expect(await offer(ada.codeAt(NOW_MS + STEP_MS), NOW_MS + STEP_MS)).toBe("account_locked");
    const dayMs = NOW_MS + 24 * 3_600_000;
    for (let n = 0; n < TRIES; n++) expect(await offer(`00000${n}`, dayMs)).toBe("code_invalid");
    expect(await offer(ada.codeAt(2 * dayMs - NOW_MS), 2 * dayMs - NOW_MS)).toBe("account_locked");
  });

  test("leaves nothing readable in the database", async () => {
    const ada = await startWithApp();
    const { results } = await env.AUTH_DB.prepare("SELECT * FROM account_factors JOIN recovery_codes USING (account_id)").all();
    expect(results).toHaveLength(10);
    const stored = JSON.stringify(results);
    for (const code of ada.recoveryCodes) expect(stored).not.toContain(code.replaceAll("-", ""));
    expect(results[0]?.sealed_totp_secret).toMatch(/^[\w-]{60,}$/);
  });

  test("of another account cannot stand in its row", async () => {
    const ada = await startWithApp();
    await registerVerified(ada.auth, "eve@bilten.example");
    const eve = await signIn(ada.auth, "eve@bilten.example");
    await askForTotp(ada.auth.env, eve, NOW_MS);
    await env.AUTH_DB.prepare(
      "UPDATE account_factors SET sealed_totp_secret = (SELECT sealed_totp_secret FROM account_factors WHERE account_id = ?)",
    )
      .bind(ada.id)
      .run();
    const laterMs = NOW_MS + STEP_MS;
    const confirmed = await confirmTotp(ada.auth.env, ada.auth.after, eve, ada.codeAt(laterMs), laterMs);
    expect(confirmed).toMatchObject({ error: { code: "code_invalid" } });
  });

  test("must be confirmed within a quarter of an hour, and is set up once", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const me = await signIn(auth);
    expect(await confirmTotp(auth.env, auth.after, me, "000000", NOW_MS)).toMatchObject({ error: { code: "factor_missing" } });
    const asked = await askForTotp(auth.env, me, NOW_MS);
    const app = new TOTP({ secret: Secret.fromBase32(asked.ok ? asked.value.secret : "") });
    const at = (nowMs: number) => confirmTotp(auth.env, auth.after, me, app.generate({ timestamp: nowMs }), nowMs);
    expect(await at(NOW_MS + CONFIRM_WITHIN_MS)).toMatchObject({ error: { code: "factor_missing" } });
    expect(await at(NOW_MS + CONFIRM_WITHIN_MS - 1)).toMatchObject({ ok: true });
    expect(await askForTotp(auth.env, me, NOW_MS)).toMatchObject({ error: { code: "factor_exists" } });
    expect((await auth.heard()).filter(({ type }) => type === "account.changed")).toHaveLength(1);
  });

  test("is taken away by the password and a code, and then the password alone does", async () => {
    const ada = await startWithApp();
    const nowMs = NOW_MS + STEP_MS;
    const disable = async (password: string, code: string) => {
      const answer = await disableTotp(ada.auth.env, ada.auth.after, ada.id, { password, code }, nowMs);
      return answer.ok ? "gone" : answer.error.code;
    };
    expect(await disable("wrong", ada.codeAt(nowMs))).toBe("invalid_credentials");
    expect(await disable(PASSWORD, "123456")).toBe("code_invalid");
    expect(await attempt(ada.auth, EMAIL, PASSWORD, nowMs)).toBe("mfa");
    expect(await disable(PASSWORD, ada.codeAt(nowMs))).toBe("gone");
    expect(await attempt(ada.auth, EMAIL, PASSWORD, nowMs)).toBe("in");
    expect(await factorsOf(ada.auth.env, ada.id)).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 });
    expect(await disable(PASSWORD, ada.codeAt(nowMs))).toBe("factor_missing");
  });
});

describe("a recovery code", () => {
  test("opens the account once, however it is typed", async () => {
    const ada = await startWithApp();
    const [first = "", second = ""] = ada.recoveryCodes;
    expect(new Set(ada.recoveryCodes).size).toBe(10);
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "recovery_code", ` ${first.toUpperCase()} `, NOW_MS)).toBe("in");
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "recovery_code", first, NOW_MS)).toBe("code_invalid");
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "recovery_code", second.replaceAll("-", ""), NOW_MS)).toBe("in");
    expect((await factorsOf(ada.auth.env, ada.id)).recoveryCodesLeft).toBe(8);
  });

  test("twice at once opens it once", async () => {
    const ada = await startWithApp();
    const tokens = [await mfaToken(ada, NOW_MS), await mfaToken(ada, NOW_MS)];
    const both = startAuth({ db: gatherBatches(env.AUTH_DB, 2) });
    const answers = await Promise.all(
      tokens.map((token) => verify(both, token, "recovery_code", ada.recoveryCodes[0] ?? "", NOW_MS)),
    );
    expect(answers.sort()).toEqual(["code_invalid", "in"]);
  });

  test("takes a lost app away", async () => {
    const ada = await startWithApp();
    const form = { password: PASSWORD, code: ada.recoveryCodes[3] ?? "" };
    expect(await disableTotp(ada.auth.env, ada.auth.after, ada.id, form, NOW_MS)).toEqual({ ok: true, value: null });
  });

  test("of yesterday's paper is worthless once there are new ones", async () => {
    const ada = await startWithApp();
    const renewed = await renewRecoveryCodes(ada.auth.env, ada.auth.after, ada.me, NOW_MS);
    const [old = ""] = ada.recoveryCodes;
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "recovery_code", old, NOW_MS)).toBe("code_invalid");
    const [fresh = ""] = renewed.ok ? renewed.value.recoveryCodes : [];
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS), "recovery_code", fresh, NOW_MS)).toBe("in");
  });
});

describe("a login that waits for its second factor", () => {
  test("waits ten minutes, on its own host", async () => {
    const ada = await startWithApp();
    const token = await mfaToken(ada, NOW_MS);
    const [code = "", another = ""] = ada.recoveryCodes;
    expect(await verify(ada.auth, token, "recovery_code", code, NOW_MS + MFA_LOGIN_MS)).toBe("mfa_token_invalid");
    expect(await verify(ada.auth, token, "recovery_code", code, NOW_MS, SITE)).toBe("mfa_token_invalid");
    expect(await verify(ada.auth, `${token}A`, "recovery_code", code, NOW_MS)).toBe("mfa_token_invalid");
    expect(await verify(ada.auth, token, "recovery_code", code, NOW_MS + MFA_LOGIN_MS - 1)).toBe("in");
    expect(await verify(ada.auth, await mfaToken(ada, NOW_MS, SITE), "recovery_code", another, NOW_MS, SITE)).toBe("in");
    expect(await sweepMfaLogins(ada.auth.env, NOW_MS + MFA_LOGIN_MS - 1)).toBe(0);
    expect(await sweepMfaLogins(ada.auth.env, NOW_MS + MFA_LOGIN_MS)).toBe(2);
  });

  test("is over when the password is reset, and the reset takes no factor away", async () => {
    const ada = await startWithApp();
    const token = await mfaToken(ada, NOW_MS);
    await forgetPassword(ada.auth.env, ada.auth.after, EMAIL, NOW_MS);
    const [reset = ""] = await mailedTokens(ada.auth, EMAIL, "password_reset");
    await resetPassword(ada.auth.env, ada.auth.after, { token: reset, password: "two lumps of sugar" }, NOW_MS + 1);
    expect(await verify(ada.auth, token, "recovery_code", ada.recoveryCodes[0] ?? "", NOW_MS + 2)).toBe("mfa_token_invalid");
    expect(await attempt(ada.auth, EMAIL, "two lumps of sugar", NOW_MS + 2)).toBe("mfa");
  });

  test("ends for who is suspended meanwhile", async () => {
    const ada = await startWithApp();
    const token = await mfaToken(ada, NOW_MS);
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    expect(await verify(ada.auth, token, "recovery_code", ada.recoveryCodes[0] ?? "", NOW_MS)).toBe("account_suspended");
  });
});
