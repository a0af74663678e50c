/** What is tried in vain, and what changes how somebody signs in: the owner reads it, and is mailed what matters. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import nodeCrypto from "node:crypto";
import { decodeJwt } from "jose";
import WebAuthnEmulator, { AuthenticatorEmulator } from "nid-webauthn-emulator";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logIn } from "../../workers/auth/login";
import { accountMailsOf } from "../../workers/auth/mails";
import { verifyMfa } from "../../workers/auth/mfa";
import { TRIES, TRIES_PAUSE_MS } from "../../workers/auth/mfa-proofs";
import { Attestation } from "../../workers/auth/passkey-forms";
import { askAnyPasskey, logInByPasskey } from "../../workers/auth/passkey-login";
import { Assertion } from "../../workers/auth/passkey-proofs";
import { addPasskey, invitePasskey, removePasskey } from "../../workers/auth/passkeys";
import { changePassword } from "../../workers/auth/password-change";
import { forgetPassword, resetPassword } from "../../workers/auth/password-reset";
import { renewRecoveryCodes } from "../../workers/auth/recovery-codes";
import { FAILURES_A_DAY, listSecurityEvents, recordFailure } from "../../workers/auth/security-events";
import { endOtherSessions } from "../../workers/auth/session-list";
import { stepUp } from "../../workers/auth/step-up";
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
import { addApp } from "../support/authenticator-app";
import { gatherBatches } from "../support/swapped-database";

const ADA = "ada@bilten.example";
const ANOTHER = "two lumps of sugar";
const STEP_MS = 30_000;
const CLIENT = { device: "Firefox on Linux", place: "Vienna, AT" };
const DESK = { ...HERE, client: CLIENT };

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
  await reset();
});

interface Ada {
  auth: Auth;
  me: { userId: string; sessionId: string; client: typeof CLIENT };
}

async function start(): Promise<Ada> {
  const auth = startAuth();
  await registerVerified(auth, ADA);
  const { sub: userId = "", sid } = decodeJwt((await tokensOf(auth, ADA, { audience: DESK })).accessToken);
  return { auth, me: { userId, sessionId: String(sid), client: CLIENT } };
}

/** Oldest first, from `sinceMs` on. */
async function eventsOf({ auth, me }: Ada, sinceMs = NOW_MS + 1) {
  await settled();
  const { data } = await listSecurityEvents(auth.env, me.userId, { limit: 100 });
  return data.filter(({ at }) => Date.parse(at) >= sinceMs).reverse();
}
const kindsOf = async (ada: Ada, sinceMs?: number) => (await eventsOf(ada, sinceMs)).map(({ kind }) => kind);
const mailsOf = async (sinceMs = NOW_MS + 1): Promise<unknown[]> => {
  const { results } = await env.AUTH_DB.prepare(
    "SELECT kind FROM account_mails WHERE created_at_ms >= ? ORDER BY created_at_ms, rowid",
  )
    .bind(sinceMs)
    .all<{ kind: string }>();
  return results.map(({ kind }) => kind);
};

async function mfaToken({ auth }: Ada, nowMs: number): Promise<string> {
  const answer = await logIn(auth.env, auth.after, { email: ADA, password: PASSWORD }, DESK, nowMs);
  if (!answer.ok || !("mfaRequired" in answer.value)) throw new Error("no second factor was asked for");
  return answer.value.mfaToken;
}

const typed = async (ada: Ada, method: "totp" | "recovery_code", code: string, nowMs: number): Promise<string> => {
  const form = { mfaToken: await mfaToken(ada, nowMs), method, code };
  const answer = await verifyMfa(ada.auth.env, ada.auth.after, form, DESK, nowMs);
  return answer.ok ? "in" : answer.error.code;
};

describe("a wrong password", () => {
  test("is recorded with the device that it came from, beside the answer, and for nobody where there is no account", async () => {
    const ada = await start();
    const waiting: Promise<unknown>[] = [];
    const after = { waitUntil: (promise: Promise<unknown>) => void waiting.push(promise) };
    const wrong = async (email: string) => {
      const before = waiting.length;
      const answer = await logIn(ada.auth.env, after, { email, password: "wrong" }, DESK, NOW_MS + 1);
      return { answer, runsOn: waiting.length - before };
    };
    const known = await wrong(ADA);
    // As much work for both: what runs on does not tell either.
    expect(await wrong("nobody@bilten.example")).toEqual(known);
    expect(known.runsOn).toBeGreaterThan(0);
    await Promise.all(waiting);
    expect(await eventsOf(ada)).toMatchObject([{ kind: "sign_in_failed", device: "Firefox on Linux", place: "Vienna, AT" }]);
    expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM security_events").first("n")).toBe(2);
  });

  test("of somebody signed in is told from one at the door", async () => {
    const ada = await start();
    const { env: auth, after } = ada.auth;
    await stepUp(auth, after, ada.me, { password: "wrong" }, NOW_MS + 1);
    await changePassword(auth, after, ada.me, { currentPassword: "wrong", newPassword: ANOTHER }, NOW_MS + 2);
    await stepUp(auth, after, ada.me, { password: PASSWORD }, NOW_MS + 3);
    expect(await kindsOf(ada)).toEqual(["password_check_failed", "password_check_failed", "stepped_up"]);
  });

  test("is written down fifty times a day at most, so that no stranger fills the table", async () => {
    const ada = await start();
    const fail = (nowMs: number) => recordFailure(ada.auth.env, ada.auth.after, ada.me.userId, "sign_in_failed", nowMs, CLIENT);
    for (let n = 0; n < FAILURES_A_DAY + 10; n++) fail(NOW_MS + 1 + n);
    await settled();
    expect(await kindsOf(ada)).toHaveLength(FAILURES_A_DAY);
    recordFailure(ada.auth.env, ada.auth.after, ada.me.userId, "passkey_failed", NOW_MS + 100);
    fail(NOW_MS + 86_400_000 + 1_000);
    expect((await kindsOf(ada, NOW_MS + 100)).sort()).toEqual(["passkey_failed", "sign_in_failed"]);
  });

  test("whose record cannot be written is answered all the same", async () => {
    const ada = await start();
    await env.AUTH_DB.prepare("DROP TABLE security_events").run();
    expect(await attempt(ada.auth, ADA, "wrong", NOW_MS + 1)).toBe("invalid_credentials");
    await settled();
  });
});

describe("a second factor", () => {
  test("of each kind is recorded when it comes and goes, and its owner gets a mail that says which", async () => {
    const ada = await start();
    const { env: auth, after } = ada.auth;
    const { codeAt } = await addApp(ada.auth, { ...ada.me, client: CLIENT }, NOW_MS + 1);
    await renewRecoveryCodes(auth, after, { ...ada.me, client: CLIENT }, NOW_MS + 2);
    const laterMs = NOW_MS + 2 * STEP_MS;
    await disableTotp(auth, after, ada.me.userId, { password: PASSWORD, code: codeAt(laterMs) }, laterMs, CLIENT);
    const told = ["totp_added", "recovery_codes_renewed", "totp_removed"];
    expect(await kindsOf(ada)).toEqual(told);
    expect(await mailsOf()).toEqual(told);
    expect(new Set((await eventsOf(ada)).map(({ device }) => device))).toEqual(new Set([CLIENT.device]));
    const { results } = await env.AUTH_DB.prepare("SELECT id FROM account_mails WHERE kind = 'totp_removed'").all<{
      id: string;
    }>();
    expect(await accountMailsOf(auth, [results[0]?.id ?? ""], laterMs)).toMatchObject([
      { accountId: ada.me.userId, done: { at: new Date(laterMs).toISOString(), ...CLIENT } },
    ]);
    const news = (await ada.auth.heard()).filter(({ type }) => type === "account.changed");
    expect(news.map(({ version }) => version)).toEqual([3, 4]);
  });

  test("that is wrong, or was used before, is recorded; a recovery code that opened the account is told by mail", async () => {
    const ada = await start();
    const { codeAt, recoveryCodes } = await addApp(ada.auth, { ...ada.me, client: CLIENT }, NOW_MS);
    const [code = ""] = recoveryCodes;
    const atMs = NOW_MS + 2 * STEP_MS;
    expect(await typed(ada, "totp", codeAt(atMs), atMs)).toBe("in");
    expect(await typed(ada, "totp", codeAt(atMs), atMs + 1)).toBe("code_invalid");
    expect(await typed(ada, "recovery_code", code, atMs + 2)).toBe("in");
    expect(await typed(ada, "recovery_code", code, atMs + 3)).toBe("code_invalid");
    expect(await typed(ada, "totp", "000000", atMs + 4)).toBe("code_invalid");
    await disableTotp(ada.auth.env, ada.auth.after, ada.me.userId, { password: PASSWORD, code: "nothing" }, atMs + 5);
    const kinds = await kindsOf(ada);
    expect(kinds.filter((kind) => kind === "second_factor_failed")).toHaveLength(4);
    expect(kinds.filter((kind) => kind === "recovery_code_used")).toHaveLength(1);
    expect(await mailsOf()).toEqual(["recovery_code_used"]);
  });

  test("that did not confirm a new app is recorded; a second click beside the first, with a right code, is not", async () => {
    const ada = await start();
    const { env: auth, after } = ada.auth;
    await askForTotp(auth, ada.me, NOW_MS + 1);
    expect(await confirmTotp(auth, after, ada.me, "nothing", NOW_MS + 2)).toMatchObject({ error: { code: "code_invalid" } });
    expect(await kindsOf(ada)).toEqual(["second_factor_failed"]);
    const { codeAt } = await addApp(ada.auth, { ...ada.me, client: CLIENT }, NOW_MS + 3);
    const atMs = NOW_MS + 2 * STEP_MS;
    const form = { mfaToken: await mfaToken(ada, atMs), method: "totp" as const, code: codeAt(atMs) };
    const twice = { ...auth, DB: gatherBatches(auth.DB, 2) };
    const answers = await Promise.all([1, 2].map(() => verifyMfa(twice, after, form, DESK, atMs)));
    expect(answers.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect((await kindsOf(ada, atMs)).filter((kind) => kind === "second_factor_failed")).toEqual([]);
  });

  test("that was guessed ten times is told once a lock: whoever did that knew the password", async () => {
    const ada = await start();
    await addApp(ada.auth, { ...ada.me, client: CLIENT }, NOW_MS);
    const atMs = NOW_MS + 2 * STEP_MS;
    for (let n = 0; n < TRIES; n++) await typed(ada, "totp", "000000", atMs + n);
    await settled();
    expect(await mailsOf(atMs)).toEqual(["second_factor_locked"]);
    for (let n = 0; n < 3; n++) expect(await typed(ada, "totp", "000000", atMs + 20 + n)).toBe("account_locked");
    await settled();
    expect(await mailsOf(atMs)).toHaveLength(1);
    expect((await kindsOf(ada, atMs)).filter((kind) => kind === "second_factor_locked")).toHaveLength(1);
    const nextMs = atMs + TRIES_PAUSE_MS + STEP_MS;
    for (let n = 0; n < TRIES; n++) await typed(ada, "totp", "000000", nextMs + n);
    await settled();
    expect(await mailsOf(nextMs)).toEqual(["second_factor_locked"]);
  });

  test("that is a passkey of another origin is recorded wherever it was offered", async () => {
    const ada = await start();
    const { env: auth, after } = ada.auth;
    const sign = nodeCrypto.sign;
    // The emulator leaves the digest to the key, which Node does for ES256 and workerd does not.
    vi.spyOn(nodeCrypto, "sign").mockImplementation((digest, data, key) => sign(digest ?? "sha256", data, key));
    const browser = new WebAuthnEmulator(new AuthenticatorEmulator({ algorithmIdentifiers: ["ES256"] }));
    const make = async (origin: string, nowMs: number) => {
      const invitation = await invitePasskey(auth, ada.me.userId, nowMs);
      const credential = Attestation.parse(browser.createJSON(origin, (invitation.ok ? invitation.value : {}) as Creation));
      return addPasskey(auth, after, { ...ada.me, client: CLIENT }, { credential }, nowMs);
    };
    const logInAt = async (origin: string, nowMs: number) => {
      const credential = Assertion.parse(browser.getJSON(origin, (await askAnyPasskey(auth, nowMs)) as Question));
      return logInByPasskey(auth, after, credential, DESK, nowMs);
    };
    expect(await make("http://localhost:1", NOW_MS + 1)).toMatchObject({ error: { code: "attestation_invalid" } });
    await settled();
    const added = await make(HERE.audience, NOW_MS + 2);
    expect(await logInAt("http://localhost:1", NOW_MS + 3)).toMatchObject({ error: { code: "passkey_invalid" } });
    await settled();
    expect(await logInAt(HERE.audience, NOW_MS + 4)).toMatchObject({ ok: true });
    await removePasskey(auth, after, { ...ada.me, client: CLIENT }, added.ok ? added.value.id : "", NOW_MS + 5);
    expect(await kindsOf(ada)).toEqual(["passkey_failed", "passkey_added", "passkey_failed", "signed_in", "passkey_removed"]);
    expect(await mailsOf()).toEqual(["passkey_added", "passkey_removed"]);
  });
});

type Creation = Parameters<WebAuthnEmulator["createJSON"]>[1];
type Question = Parameters<WebAuthnEmulator["getJSON"]>[1];

test("a password that was asked anew, set anew and changed is recorded as that; what was not done is not", async () => {
  const ada = await start();
  const { env: auth, after } = ada.auth;
  await forgetPassword(auth, after, "nobody@bilten.example", NOW_MS + 1, CLIENT);
  await forgetPassword(auth, after, ADA, NOW_MS + 1, CLIENT);
  const [token = ""] = await mailedTokens(ada.auth, ADA, "password_reset");
  await resetPassword(auth, after, { token: `${token}A`, password: ANOTHER }, NOW_MS + 2, CLIENT);
  await resetPassword(auth, after, { token, password: ANOTHER }, NOW_MS + 3, CLIENT);
  await resetPassword(auth, after, { token, password: PASSWORD }, NOW_MS + 4, CLIENT);
  await tokensOf(ada.auth, ADA, { password: ANOTHER, audience: DESK, nowMs: NOW_MS + 5 });
  await changePassword(auth, after, ada.me, { currentPassword: ANOTHER, newPassword: PASSWORD }, NOW_MS + 6);
  expect(await kindsOf(ada)).toEqual(["password_reset_requested", "password_reset", "signed_in", "password_changed"]);
  expect(await mailsOf()).toEqual(["password_reset", "password_changed", "password_changed"]);
  expect(await env.AUTH_DB.prepare("SELECT count(DISTINCT account_id) AS n FROM security_events").first("n")).toBe(1);
});

test("signing out everywhere else is recorded as that, and not where there is nowhere else", async () => {
  const ada = await start();
  await endOtherSessions(ada.auth.env, ada.auth.after, ada.me, NOW_MS + 1);
  await tokensOf(ada.auth, ADA, { audience: DESK, nowMs: NOW_MS + 2 });
  await endOtherSessions(ada.auth.env, ada.auth.after, ada.me, NOW_MS + 3);
  expect(await kindsOf(ada)).toEqual(["signed_in", "other_sessions_ended"]);
});
