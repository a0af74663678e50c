import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import nodeCrypto from "node:crypto";
import { decodeJwt } from "jose";
import WebAuthnEmulator, { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository } from "nid-webauthn-emulator";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logIn } from "../../workers/auth/login";
import { askPasskeyOfLogin, verifyMfa } from "../../workers/auth/mfa";
import { factorsOf } from "../../workers/auth/mfa-methods";
import { CHALLENGE_MS, sweepChallenges } from "../../workers/auth/passkey-challenges";
import { Attestation } from "../../workers/auth/passkey-forms";
import { askAnyPasskey, logInByPasskey } from "../../workers/auth/passkey-login";
import { Assertion } from "../../workers/auth/passkey-proofs";
import { addPasskey, invitePasskey, listPasskeys, MAX_PASSKEYS, removePasskey, renamePasskey } from "../../workers/auth/passkeys";
import { askPasskeyOfSession, stepUp } from "../../workers/auth/step-up";
import {
  type Auth,
  attempt,
  HERE,
  NOW_MS,
  PASSWORD,
  registerVerified,
  settled,
  startAuth,
  tokensIn,
  tokensOf,
} from "../support/auth";
import { gatherBatches } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";
const ORIGIN = HERE.audience;
const SITE = { audience: "demo.localhost:8787", organizerId: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10" };

const sign = nodeCrypto.sign;
beforeEach(async () => {
  // The emulator leaves the digest to the key, which Node does for ES256 and workerd does not.
  vi.spyOn(nodeCrypto, "sign").mockImplementation((digest, data, key) => sign(digest ?? "sha256", data, key));
  await applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth);
});
afterEach(async () => {
  await settled();
  await reset();
});

const newBrowser = (parameters: ConstructorParameters<typeof AuthenticatorEmulator>[0] = {}) =>
  new WebAuthnEmulator(
    new AuthenticatorEmulator({
      algorithmIdentifiers: ["ES256"],
      credentialsRepository: new PasskeysCredentialsMemoryRepository(),
      ...parameters,
    }),
  );

interface Ada {
  auth: Auth;
  id: string;
  sessionId: string;
  browser: WebAuthnEmulator;
}

async function startWithAda(email = EMAIL): Promise<Ada> {
  const auth = startAuth();
  await registerVerified(auth, email);
  const { sub: id = "", sid } = decodeJwt((await tokensOf(auth, email)).accessToken);
  return { auth, id, sessionId: String(sid), browser: newBrowser() };
}

const meOf = ({ id, sessionId }: Ada) => ({ userId: id, sessionId });

type Creation = Parameters<WebAuthnEmulator["createJSON"]>[1];
type Request = Parameters<WebAuthnEmulator["getJSON"]>[1];

/** What the browser at `origin` makes of an invitation. */
async function createdAt(origin: string, { auth, id, browser }: Ada, nowMs = NOW_MS): Promise<Attestation> {
  const invited = await invitePasskey(auth.env, id, nowMs);
  if (!invited.ok) throw new Error(invited.error.code);
  // The emulator's own type of the same JSON.
  return Attestation.parse(browser.createJSON(origin, invited.value as unknown as Creation));
}

async function add(ada: Ada, name?: string, origin = ORIGIN, nowMs = NOW_MS) {
  const credential = await createdAt(origin, ada, nowMs);
  return addPasskey(ada.auth.env, ada.auth.after, meOf(ada), name === undefined ? { credential } : { name, credential }, nowMs);
}

async function startWithPasskey(): Promise<Ada & { passkeyId: string; recoveryCodes: string[] }> {
  const ada = await startWithAda();
  const added = await add(ada, "My phone");
  if (!added.ok) throw new Error(added.error.code);
  return { ...ada, passkeyId: added.value.id, recoveryCodes: added.value.recoveryCodes ?? [] };
}

const answerTo = ({ browser }: Ada, question: object, origin = ORIGIN): Assertion =>
  Assertion.parse(browser.getJSON(origin, question as Request));

const logInWith = async ({ auth }: Ada, credential: Assertion, nowMs = NOW_MS, audience: typeof HERE | typeof SITE = HERE) => {
  const answer = await logInByPasskey(auth.env, auth.after, credential, audience, nowMs);
  return answer.ok ? "in" : answer.error.code;
};

describe("adding a passkey", () => {
  test("makes it a second factor, with recovery codes the first time", async () => {
    const ada = await startWithPasskey();
    expect(ada.recoveryCodes).toHaveLength(10);
    expect(await attempt(ada.auth, EMAIL, PASSWORD)).toBe("mfa");
    const another = await add({ ...ada, browser: newBrowser() });
    expect(another).toMatchObject({ ok: true, value: { name: "Passkey", lastUsedAt: null } });
    expect(another.ok && "recoveryCodes" in another.value).toBe(false);
    expect(await factorsOf(ada.auth.env, ada.id)).toEqual({ totp: false, passkeys: 2, recoveryCodesLeft: 10 });
    expect((await listPasskeys(ada.auth.env, ada.id)).map(({ name }) => name)).toEqual(["My phone", "Passkey"]);
  });

  test("at another origin, by another account's invitation, too late or again is refused", async () => {
    const ada = await startWithAda();
    const eve = await startWithAda("eve@bilten.example");
    const answer = async (account: Ada, credential: Attestation, nowMs = NOW_MS) => {
      const added = await addPasskey(account.auth.env, account.auth.after, meOf(account), { credential }, nowMs);
      return added.ok ? "added" : added.error.code;
    };
    // A passkey for localhost can be made at any of its ports; only one of them is ours.
    expect(await answer(ada, await createdAt("http://localhost:9999", ada))).toBe("attestation_invalid");
    const credential = await createdAt(ORIGIN, ada);
    expect(await answer(eve, credential)).toBe("attestation_invalid");
    expect(await answer(ada, credential, NOW_MS + CHALLENGE_MS)).toBe("attestation_invalid");
    expect(await answer(ada, { ...credential, response: { ...credential.response, attestationObject: "oA" } })).toBe(
      "attestation_invalid",
    );
    expect(await answer(ada, credential)).toBe("added");
    expect(await answer(ada, credential)).toBe("attestation_invalid");
    expect(await listPasskeys(eve.auth.env, eve.id)).toEqual([]);
  });

  test("that nobody unlocked is refused", async () => {
    const ada = await startWithAda();
    const careless = newBrowser({
      verifications: { userPresent: true, userVerified: false },
      userMakeCredentialInteraction: () => ({ options: { uv: false, up: true } }),
    });
    const credential = createdAt(ORIGIN, { ...ada, browser: careless });
    // The browser itself may refuse to make one.
    const added = await credential.then(
      (made) => addPasskey(ada.auth.env, ada.auth.after, meOf(ada), { credential: made }, NOW_MS),
      () => null,
    );
    expect(added?.ok ?? false).toBe(false);
    expect(await listPasskeys(ada.auth.env, ada.id)).toEqual([]);
  });

  test("ends at twenty", async () => {
    const ada = await startWithPasskey();
    await env.AUTH_DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, transports, name, backed_up, created_at_ms)
       SELECT 'id' || i, account_id, 'credential-number-' || i, public_key, 0, '[]', 'x', 0, created_at_ms FROM passkeys, n`,
    )
      .bind(MAX_PASSKEYS)
      .run();
    expect(await invitePasskey(ada.auth.env, ada.id, NOW_MS)).toMatchObject({ error: { code: "too_many_passkeys" } });
  });
});

describe("signing in with a passkey alone", () => {
  test("takes no password and no other factor, and a challenge counts once", async () => {
    const ada = await startWithPasskey();
    const question = await askAnyPasskey(ada.auth.env, NOW_MS);
    expect(question).toMatchObject({ rpId: "localhost", userVerification: "required" });
    expect(question.allowCredentials ?? []).toEqual([]);
    const answer = answerTo(ada, question);
    expect(await logInByPasskey(ada.auth.env, ada.auth.after, answer, HERE, NOW_MS)).toMatchObject({
      value: { user: { email: EMAIL } },
    });
    expect(await logInWith(ada, answer)).toBe("passkey_invalid");
    expect((await listPasskeys(ada.auth.env, ada.id))[0]?.lastUsedAt).toBe("2027-01-01T12:00:00.000Z");
    expect(await sweepChallenges(ada.auth.env, NOW_MS + CHALLENGE_MS)).toBe(2);
    expect(await logInWith(ada, answer, NOW_MS + CHALLENGE_MS)).toBe("passkey_invalid");
  });

  test("of one answer twice at once, one counts", async () => {
    const ada = await startWithPasskey();
    const answer = answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS));
    const both = { ...ada, auth: startAuth({ db: gatherBatches(env.AUTH_DB, 2) }) };
    expect((await Promise.all([logInWith(both, answer), logInWith(both, answer)])).sort()).toEqual(["in", "passkey_invalid"]);
  });

  test("at another origin, on an organizer's host, too late, altered or by an unknown key is refused", async () => {
    const ada = await startWithPasskey();
    const fresh = async (origin = ORIGIN) => answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS), origin);
    expect(await logInWith(ada, await fresh("http://localhost:9999"))).toBe("passkey_invalid");
    expect(await logInWith(ada, await fresh(), NOW_MS, SITE)).toBe("main_host_required");
    expect(await logInWith(ada, await fresh(), NOW_MS + CHALLENGE_MS)).toBe("passkey_invalid");
    const good = await fresh();
    expect(await logInWith(ada, { ...good, id: "bm90LWEta25vd24ta2V5", rawId: "bm90LWEta25vd24ta2V5" })).toBe("passkey_invalid");
    for (const member of ["signature", "authenticatorData", "clientDataJSON", "userHandle"] as const) {
      const text = good.response[member] ?? "";
      const altered = `${text.slice(0, 20)}${text[20] === "A" ? "B" : "A"}${text.slice(21)}`;
      expect(await logInWith(ada, { ...good, response: { ...good.response, [member]: altered } }), member).toBe(
        "passkey_invalid",
      );
    }
    expect(await logInWith(ada, { ...good, response: { ...good.response, userHandle: null } })).toBe("passkey_invalid");
    expect(await logInWith(ada, good)).toBe("in");
  });

  test("by a copy that counted less than the original is refused", async () => {
    const ada = await startWithPasskey();
    await env.AUTH_DB.prepare("UPDATE passkeys SET sign_count = 1000").run();
    expect(await logInWith(ada, answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS)))).toBe("passkey_invalid");
  });

  test("works while wrong passwords have locked the account, and not for who is suspended", async () => {
    const ada = await startWithPasskey();
    for (let n = 0; n < 10; n++) await attempt(ada.auth, EMAIL, "wrong", NOW_MS + n);
    expect(await logInWith(ada, answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS)))).toBe("in");
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    expect(await logInWith(ada, answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS)))).toBe("account_suspended");
  });
});

describe("a passkey as second factor", () => {
  async function waitingLogin({ auth }: Ada, audience: typeof HERE | typeof SITE = HERE) {
    const answer = await logIn(auth.env, auth.after, { email: EMAIL, password: PASSWORD }, audience, NOW_MS);
    if (!answer.ok || !("mfaRequired" in answer.value)) throw new Error("no second factor was asked for");
    return answer.value;
  }

  test("answers the login that asked, once, and no other", async () => {
    const ada = await startWithPasskey();
    const [login, another] = [await waitingLogin(ada), await waitingLogin(ada)];
    expect(login.methods).toEqual(["recovery_code", "webauthn"]);
    const asked = await askPasskeyOfLogin(ada.auth.env, login.mfaToken, HERE, NOW_MS);
    if (!asked.ok) throw new Error(asked.error.code);
    expect(asked.value.allowCredentials).toHaveLength(1);
    const code = answerTo(ada, asked.value);
    const verify = async (mfaToken: string) => {
      const answer = await verifyMfa(ada.auth.env, ada.auth.after, { mfaToken, method: "webauthn", code }, HERE, NOW_MS);
      return answer.ok ? "in" : answer.error.code;
    };
    expect(await verify(another.mfaToken)).toBe("passkey_invalid");
    expect(await verify(login.mfaToken)).toBe("in");
    expect(await verify(login.mfaToken)).toBe("mfa_token_invalid");
    expect(await logInWith(ada, code)).toBe("passkey_invalid");
  });

  test("is not offered on an organizer's host, where its browser has none", async () => {
    const ada = await startWithPasskey();
    expect((await waitingLogin(ada, SITE)).methods).toEqual(["recovery_code"]);
  });

  test("of another account answers nothing", async () => {
    const ada = await startWithPasskey();
    const eve = await startWithAda("eve@bilten.example");
    await add(eve);
    const { mfaToken } = await waitingLogin(ada);
    const asked = await askPasskeyOfLogin(ada.auth.env, mfaToken, HERE, NOW_MS);
    if (!asked.ok) throw new Error(asked.error.code);
    const code = answerTo(eve, { ...asked.value, allowCredentials: [] });
    expect(await verifyMfa(ada.auth.env, ada.auth.after, { mfaToken, method: "webauthn", code }, HERE, NOW_MS)).toMatchObject({
      error: { code: "passkey_invalid" },
    });
  });

  test("proves again who one is", async () => {
    const ada = await startWithPasskey();
    const me = { userId: ada.id, sessionId: ada.sessionId };
    const laterMs = NOW_MS + 3_600_000;
    const code = answerTo(ada, await askPasskeyOfSession(ada.auth.env, me, laterMs));
    const renewed = await stepUp(ada.auth.env, ada.auth.after, me, { method: "webauthn", code }, laterMs);
    expect(renewed.ok && decodeJwt(tokensIn(renewed.value).accessToken).auth_time).toBe(Math.floor(laterMs / 1000));
    expect(await stepUp(ada.auth.env, ada.auth.after, me, { method: "webauthn", code }, laterMs)).toMatchObject({
      error: { code: "passkey_invalid" },
    });
  });
});

describe("a passkey's owner", () => {
  test("names it and takes it away; nobody else does", async () => {
    const ada = await startWithPasskey();
    const eve = await startWithAda("eve@bilten.example");
    const gone = { ok: false, error: { code: "passkey_not_found" } };
    expect(await renamePasskey(eve.auth.env, eve.id, ada.passkeyId, "Mine")).toEqual(gone);
    expect(await removePasskey(eve.auth.env, eve.auth.after, meOf(eve), ada.passkeyId, NOW_MS)).toEqual(gone);
    expect(await renamePasskey(ada.auth.env, ada.id, ada.passkeyId, "Old phone")).toMatchObject({ value: { name: "Old phone" } });
    const renames = ["Left", "Right"].map((name) => renamePasskey(ada.auth.env, ada.id, ada.passkeyId, name, "Old phone"));
    expect((await Promise.all(renames)).map((renamed) => (renamed.ok ? "renamed" : renamed.error.code)).sort()).toEqual([
      "renamed",
      "version_stale",
    ]);
    expect(await removePasskey(ada.auth.env, ada.auth.after, meOf(ada), ada.passkeyId, NOW_MS)).toEqual({
      ok: true,
      value: null,
    });
    expect(await attempt(ada.auth, EMAIL, PASSWORD)).toBe("in");
    expect(await factorsOf(ada.auth.env, ada.id)).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 });
    expect(await logInWith(ada, answerTo(ada, await askAnyPasskey(ada.auth.env, NOW_MS)))).toBe("passkey_invalid");
  });
});
