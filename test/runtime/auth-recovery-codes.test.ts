import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import WebAuthnEmulator, { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository } from "nid-webauthn-emulator";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../shared/crypto/bytes";
import type { SignedIn } from "../../workers/auth/callers";
import { factorsOf } from "../../workers/auth/mfa-methods";
import { Attestation } from "../../workers/auth/passkey-forms";
import { addPasskey, invitePasskey } from "../../workers/auth/passkeys";
import { wereTaken } from "../../workers/auth/recovery-codes";
import { stepUp } from "../../workers/auth/step-up";
import { type Auth, HERE, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { addApp } from "../support/authenticator-app";
import { gatherBatches } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

async function signIn(auth: Auth): Promise<SignedIn> {
  await registerVerified(auth, EMAIL);
  const { sub: userId = "", sid } = decodeJwt((await tokensOf(auth, EMAIL)).accessToken);
  return { userId, sessionId: String(sid) };
}

async function add(auth: Auth, me: SignedIn) {
  const browser = new WebAuthnEmulator(
    new AuthenticatorEmulator({
      algorithmIdentifiers: ["ES256"],
      credentialsRepository: new PasskeysCredentialsMemoryRepository(),
    }),
  );
  const invited = await invitePasskey(auth.env, me.userId, NOW_MS);
  if (!invited.ok) throw new Error(invited.error.code);
  // The emulator's own type of the same JSON.
  const creation = invited.value as unknown as Parameters<WebAuthnEmulator["createJSON"]>[1];
  const credential = Attestation.parse(browser.createJSON(HERE.audience, creation));
  return addPasskey(auth.env, auth.after, me, { credential }, NOW_MS);
}

test("two first passkeys at once show one set of recovery codes, and that one works", async () => {
  const auth = startAuth();
  const me = await signIn(auth);
  const both = startAuth({ db: gatherBatches(env.AUTH_DB, 2) });
  const made = await Promise.all([add(both, me), add(both, me)]);
  const shown = made.flatMap((one) => (one.ok && one.value.recoveryCodes ? [one.value.recoveryCodes] : []));
  expect([made.map(({ ok }) => ok), shown.length]).toEqual([[true, true], 1]);
  expect(await factorsOf(auth.env, me.userId)).toMatchObject({ passkeys: 2, recoveryCodesLeft: 10 });
  expect(await wereTaken(auth.env, me.userId, shown[0] ?? [])).toBe(true);
});

test("each has 112 random bits at least, and those of eighty that people have on paper go on working", async () => {
  const auth = startAuth();
  const me = await signIn(auth);
  const { recoveryCodes } = await addApp(auth, me, NOW_MS);
  for (const code of recoveryCodes) expect(5 * code.replaceAll("-", "").length).toBeGreaterThanOrEqual(112);
  const hash = await sha256(`bilten:recovery_code\0${me.userId}\0abcdefgh234567ab`);
  await env.AUTH_DB.prepare("INSERT INTO recovery_codes (account_id, hash, created_at_ms) VALUES (?, ?, ?)")
    .bind(me.userId, hash, NOW_MS)
    .run();
  const code = { method: "recovery_code" as const, code: "ABCD-EFGH-2345-67AB" };
  expect(await stepUp(auth.env, auth.after, me, code, NOW_MS)).toMatchObject({ ok: true });
  expect(await stepUp(auth.env, auth.after, me, code, NOW_MS)).toMatchObject({ error: { code: "code_invalid" } });
});
