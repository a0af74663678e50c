/** A session that has ended a moment ago, and that the gateway may still let in: whoever stole it gets nothing that lasts. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import nodeCrypto from "node:crypto";
import { decodeJwt } from "jose";
import WebAuthnEmulator, { AuthenticatorEmulator } from "nid-webauthn-emulator";
import { Secret, TOTP } from "otpauth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApiKey, rotateApiKey } from "../../workers/auth/api-keys";
import type { SignedIn } from "../../workers/auth/callers";
import { Attestation } from "../../workers/auth/passkey-forms";
import { addPasskey, invitePasskey, removePasskey } from "../../workers/auth/passkeys";
import { renewRecoveryCodes } from "../../workers/auth/recovery-codes";
import { revoke } from "../../workers/auth/sessions";
import { askForTotp, confirmTotp } from "../../workers/auth/totp-factors";
import { type Auth, HERE, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { swapSql } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";
const STEP_MS = 30_000;
const KEY = { name: "Printer", scopes: ["orders:read" as const] };

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

type Answer = Promise<{ ok: true } | { ok: false; error: { code: string } }>;
/** What is done with the session after it ended; what it needs is prepared while it lives. */
type Act = (auth: Auth, me: SignedIn) => Promise<(late: AuthEnv) => Answer>;

async function attest(auth: Auth, { userId }: SignedIn): Promise<Attestation> {
  const browser = new WebAuthnEmulator(new AuthenticatorEmulator({ algorithmIdentifiers: ["ES256"] }));
  const invited = await invitePasskey(auth.env, userId, NOW_MS);
  if (!invited.ok) throw new Error(invited.error.code);
  // The emulator's own type of the same JSON.
  const invitation = invited.value as unknown as Parameters<WebAuthnEmulator["createJSON"]>[1];
  return Attestation.parse(browser.createJSON(HERE.audience, invitation));
}

const acts: Record<string, Act> = {
  "asking for an authenticator app": async (_, me) => (late) => askForTotp(late, me, NOW_MS),
  "confirming one": async (auth, me) => {
    const asked = await askForTotp(auth.env, me, NOW_MS);
    if (!asked.ok) throw new Error(asked.error.code);
    const app = new TOTP({ secret: Secret.fromBase32(asked.value.secret) });
    const atMs = NOW_MS + STEP_MS;
    return (late) => confirmTotp(late, auth.after, me, app.generate({ timestamp: atMs }), atMs);
  },
  "adding a passkey": async (auth, me) => {
    const credential = await attest(auth, me);
    return (late) => addPasskey(late, auth.after, me, { credential }, NOW_MS);
  },
  "taking a passkey away": async (auth, me) => {
    const added = await addPasskey(auth.env, auth.after, me, { credential: await attest(auth, me) }, NOW_MS);
    if (!added.ok) throw new Error(added.error.code);
    return (late) => removePasskey(late, auth.after, me, added.value.id, NOW_MS);
  },
  "making an API key": async (auth, me) => (late) => createApiKey(late, auth.after, me, KEY, NOW_MS),
  "replacing an API key": async (auth, me) => {
    const made = await createApiKey(auth.env, auth.after, me, KEY, NOW_MS);
    if (!made.ok) throw new Error(made.error.code);
    return (late) => rotateApiKey(late, auth.after, me, made.value.id, {}, NOW_MS);
  },
  "renewing recovery codes": async (auth, me) => {
    await addPasskey(auth.env, auth.after, me, { credential: await attest(auth, me) }, NOW_MS);
    return (late) => renewRecoveryCodes(late, auth.after, me, NOW_MS);
  },
};

async function actAfterTheEnd(act: Act, database = env.AUTH_DB) {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const { sub: userId = "", sid } = decodeJwt((await tokensOf(auth, EMAIL)).accessToken);
  const me = { userId, sessionId: String(sid) };
  const go = await act(auth, me);
  const told = async () => (await auth.heard()).length;
  const before = { ...(await kept()), told: await told() };
  await revoke(auth.env, auth.after, me.sessionId, "revoked", NOW_MS);
  const answer = await go({ ...auth.env, DB: database });
  return { answer, before, after: { ...(await kept()), told: await told() } };
}

/** All that opens an account, as it stands. */
async function kept() {
  const rows = async (sql: string) => (await env.AUTH_DB.prepare(sql).all()).results;
  return {
    factors: await rows("SELECT sealed_totp_secret, totp_confirmed_at_ms FROM account_factors"),
    passkeys: await rows("SELECT id FROM passkeys"),
    keys: await rows("SELECT id, expires_at_ms FROM api_keys"),
    codes: await rows("SELECT hash FROM recovery_codes ORDER BY hash"),
  };
}

describe.each(Object.entries(acts))("%s", (_, act) => {
  test("is refused as a session that is over, and changes and tells nothing", async () => {
    const { answer, before, after } = await actAfterTheEnd(act);
    expect(answer).toEqual({ ok: false, error: { code: "credential_invalid" } });
    expect(after).toEqual(before);
  });

  test("control: without the session in its statement it is done", async () => {
    const { db, swaps } = swapSql(
      env.AUTH_DB,
      "account_id = ? AND revoked_at_ms IS NULL AND expires_at_ms > ?)",
      "account_id = ? AND expires_at_ms > ?)",
    );
    const { answer, before, after } = await actAfterTheEnd(act, db);
    expect([swaps(), answer.ok]).toEqual([1, true]);
    expect(after).not.toEqual(before);
  });
});
