/** An account's passkeys: added, listed, named, taken away (WebAuthn Level 3, 7.1). */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { toBase64Url } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { findById } from "./accounts";
import type { SignedIn } from "./callers";
import { notice } from "./mails";
import { restateFactors } from "./mfa-methods";
import type { Proof } from "./mfa-proofs";
import { type After, send } from "./news";
import { CHALLENGE_MS, newChallenge, proveFirstAnswer } from "./passkey-challenges";
import {
  type AddedPasskey,
  type Attestation,
  type Passkey,
  type PasskeyDraft,
  PasskeyInvitation,
  passkeyOf,
} from "./passkey-forms";
import { passkeysOf, relyingParty, transportsOf, userHandleOf, webauthn } from "./passkey-proofs";
import { makeRecoveryCodes, offerRecoveryCodes, wereTaken } from "./recovery-codes";
import type { PasskeyRow } from "./schema";
import { recordFailure } from "./security-events";
import { goesOn, refusalOf } from "./session-ends";

export const MAX_PASSKEYS = 20;
const SERVICE = "Bilten";
const UNNAMED = "Passkey";

/** What a browser makes a passkey with: one that is found without a name, and opens only by its owner's finger, face or PIN. */
export async function invitePasskey(
  env: AuthEnv,
  accountId: string,
  nowMs: number,
): Promise<Result<PasskeyInvitation, Refusal<"user_not_found" | "too_many_passkeys">>> {
  const { generateRegistrationOptions } = await webauthn();
  const [account, known] = await Promise.all([findById(env, accountId), passkeysOf(env, accountId)]);
  if (!account) return refuse({ code: "user_not_found" });
  if (known.length >= MAX_PASSKEYS) return refuse({ code: "too_many_passkeys" });
  const options = await generateRegistrationOptions({
    rpName: SERVICE,
    rpID: relyingParty(env).id,
    userName: account.email,
    userDisplayName: account.name,
    userID: userHandleOf(accountId),
    challenge: await newChallenge(env, "registration", accountId, nowMs),
    timeout: CHALLENGE_MS,
    attestationType: "none",
    excludeCredentials: known.map((row) => ({ id: row.credentialId, transports: transportsOf(row) })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  return ok(PasskeyInvitation.parse(options));
}

/** The account has a second factor from then on. Its first one brings recovery codes. */
export async function addPasskey(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  { name = UNNAMED, credential }: PasskeyDraft,
  nowMs: number,
): Promise<Result<AddedPasskey, Refusal<"attestation_invalid" | "passkey_exists" | "too_many_passkeys" | "credential_invalid">>> {
  const { userId: accountId, client } = who;
  const made = await verifyAttestation(env, accountId, credential, nowMs);
  const account = await findById(env, accountId);
  if (!made || !account) {
    recordFailure(env, after, accountId, "passkey_failed", nowMs, client);
    return refuse({ code: "attestation_invalid" });
  }

  const row: PasskeyRow = { id: uuidV7(nowMs), accountId, name, ...made.passkey, createdAtMs: nowMs, lastUsedAtMs: null };
  const signedIn = goesOn(who, nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, transports, name, backed_up, created_at_ms)
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM passkeys WHERE account_id = ?) < ?
       AND ${made.first.condition.sql} AND ${signedIn.sql}`,
  ).bind(
    ...[row.id, accountId, row.credentialId, row.publicKey, row.signCount, row.transports, row.name],
    ...[row.backedUp ? 1 : 0, nowMs, accountId, MAX_PASSKEYS],
    ...made.first.condition.values,
    ...signedIn.values,
  );
  const recoveryCodes = makeRecoveryCodes();
  const restated = restateFactors(env, account, nowMs);
  const told = notice(env, accountId, "passkey_added", nowMs, { client });
  try {
    const added = await guardedBatch(env.DB, insert, [
      ...made.first.effects,
      await offerRecoveryCodes(env, accountId, recoveryCodes, nowMs),
      ...restated.effects,
      ...told.effects,
    ]);
    if (!added.ok) {
      const isFull = (await passkeysOf(env, accountId)).length >= MAX_PASSKEYS;
      return refuse(await refusalOf(env, who, isFull ? "too_many_passkeys" : "attestation_invalid", nowMs));
    }
  } catch (error) {
    if (isConstraint(error, "passkeys.credential_id")) return refuse({ code: "passkey_exists" });
    throw error;
  }
  send(env, after, [restated.news, told.news]);
  return ok({ ...passkeyOf(row), ...((await wereTaken(env, accountId, recoveryCodes)) ? { recoveryCodes } : {}) });
}

interface Attested {
  first: Proof;
  passkey: Pick<PasskeyRow, "credentialId" | "publicKey" | "signCount" | "transports" | "backedUp">;
}

/** Null for what does not fit: challenge, origin, host, or no verified user. */
async function verifyAttestation(
  env: AuthEnv,
  accountId: string,
  credential: Attestation,
  nowMs: number,
): Promise<Attested | null> {
  const { verifyRegistrationResponse } = await webauthn();
  const { id, origin } = relyingParty(env);
  const { transports = [], ...made } = credential.response;
  let first: Proof | null = null;
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...credential, response: { ...made, transports } },
      expectedChallenge: async (challenge) => {
        first = await proveFirstAnswer(env, "registration", accountId, challenge, nowMs);
        return first !== null;
      },
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
    });
    const proof = first as Proof | null;
    if (!verified || !proof) return null;
    const key = registrationInfo.credential;
    return {
      first: proof,
      passkey: {
        credentialId: key.id,
        publicKey: toBase64Url(key.publicKey),
        signCount: key.counter,
        transports: JSON.stringify(transports),
        backedUp: registrationInfo.credentialBackedUp,
      },
    };
  } catch {
    // The library throws for each thing that does not fit; its words quote what the client sent.
    return null;
  }
}

export async function listPasskeys(env: AuthEnv, accountId: string): Promise<Passkey[]> {
  return (await passkeysOf(env, accountId)).map(passkeyOf);
}

/** With `ifName` only while it is called so: nothing else of a passkey is its owner's to change, so that the name is its version. */
export async function renamePasskey(
  env: AuthEnv,
  accountId: string,
  id: string,
  name: string,
  ifName: string | null = null,
): Promise<Result<Passkey, Refusal<"passkey_not_found" | "version_stale">>> {
  const { meta } = await env.DB.prepare(
    "UPDATE passkeys SET name = ? WHERE id = ? AND account_id = ? AND name = coalesce(?, name)",
  )
    .bind(name, id, accountId, ifName)
    .run();
  const row = (await passkeysOf(env, accountId)).find((passkey) => passkey.id === id);
  if (!row) return refuse({ code: "passkey_not_found" });
  return meta.changes === 1 ? ok(passkeyOf(row)) : refuse({ code: "version_stale" });
}

/** With the last factor the recovery codes go, and the password alone opens the account again. */
export async function removePasskey(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  id: string,
  nowMs: number,
): Promise<Result<null, Refusal<"passkey_not_found" | "credential_invalid">>> {
  const { userId: accountId, client } = who;
  const account = await findById(env, accountId);
  if (!account) return refuse({ code: "passkey_not_found" });
  const { sql, values } = goesOn(who, nowMs);
  const remove = env.DB.prepare(`DELETE FROM passkeys WHERE id = ? AND account_id = ? AND ${sql}`).bind(id, accountId, ...values);
  const restated = restateFactors(env, account, nowMs);
  const told = notice(env, accountId, "passkey_removed", nowMs, { client });
  const removed = await guardedBatch(env.DB, remove, [...restated.effects, ...told.effects]);
  if (!removed.ok) return refuse(await refusalOf(env, who, "passkey_not_found", nowMs));
  send(env, after, [restated.news, told.news]);
  return ok(null);
}
