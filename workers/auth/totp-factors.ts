/** An account's authenticator app: asked for, confirmed by its first code, offered at login, taken away. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { findById } from "./accounts";
import { toBase32 } from "./base32";
import type { SignedIn } from "./callers";
import type { Client } from "./clients";
import { noteWrongFactor } from "./factor-failures";
import { notice } from "./mails";
import { restateFactors } from "./mfa-methods";
import { forgetTries, type Proof, takeTry } from "./mfa-proofs";
import { type After, send } from "./news";
import { confirmPassword } from "./password-change";
import { OfferedPassword } from "./passwords";
import { makeRecoveryCodes, proveRecoveryCode, RECOVERY_CODES, replaceRecoveryCodes } from "./recovery-codes";
import { seal, unseal } from "./sealing";
import { goesOn, refusalOf } from "./session-ends";
import { otpauthUrl, SECRET_BYTES, stepOf } from "./totp";

/** A code as it is typed, with or without spaces. */
export const OfferedCode = z.string().trim().min(1).max(64);
export const TotpConfirmation = z.strictObject({ code: OfferedCode }).meta({ id: "TotpConfirmation" });
export const TotpRemoval = z.strictObject({ password: OfferedPassword, code: OfferedCode }).meta({ id: "TotpRemoval" });
export const TotpSecret = z
  .object({ secret: z.string().meta({ description: "Base32 (RFC 4648)" }), otpauthUrl: z.string() })
  .meta({ id: "TotpSecret" });
export const RecoveryCodes = z
  .object({ recoveryCodes: z.array(z.string()).length(RECOVERY_CODES) })
  .meta({ id: "RecoveryCodes", description: "Shown once; each works once" });

/** Time to scan the code and type the first one. */
const CONFIRM_WITHIN_MS = 15 * 60_000;
const PURPOSE = "totp_secrets";

/** A new secret, which counts for nothing until it is confirmed; the one that was asked for before is forgotten. */
export async function askForTotp(
  env: AuthEnv,
  who: SignedIn,
  nowMs: number,
): Promise<Result<z.infer<typeof TotpSecret>, Refusal<"factor_exists" | "user_not_found" | "credential_invalid">>> {
  const { userId: accountId } = who;
  const account = await findById(env, accountId);
  if (!account) return refuse({ code: "user_not_found" });
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const signedIn = goesOn(who, nowMs);
  const { meta } = await env.DB.prepare(
    `INSERT INTO account_factors (account_id, sealed_totp_secret, totp_asked_at_ms) SELECT ?, ?, ? WHERE ${signedIn.sql}
     ON CONFLICT (account_id) DO UPDATE
       SET sealed_totp_secret = excluded.sealed_totp_secret, totp_asked_at_ms = excluded.totp_asked_at_ms, last_totp_step = -1
     WHERE totp_confirmed_at_ms IS NULL`,
  )
    .bind(accountId, await seal(env, PURPOSE, accountId, secret), nowMs, ...signedIn.values)
    .run();
  if (meta.changes === 0) return refuse(await refusalOf(env, who, "factor_exists", nowMs));
  return ok({ secret: toBase32(secret), otpauthUrl: otpauthUrl(secret, account.email) });
}

/** The first code switches the second factor on. Its step is used up, as any other's. */
export async function confirmTotp(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  code: string,
  nowMs: number,
): Promise<
  Result<
    z.infer<typeof RecoveryCodes>,
    Refusal<"code_invalid" | "factor_missing" | "factor_exists" | "account_locked" | "credential_invalid">
  >
> {
  const { userId: accountId, client } = who;
  const tried = await takeTry(env, accountId, nowMs);
  if ("code" in tried) return refuse(tried);
  if (tried.totpConfirmedAtMs !== null) return refuse({ code: "factor_exists" });
  if (tried.sealedTotpSecret === null || (tried.totpAskedAtMs ?? 0) <= nowMs - CONFIRM_WITHIN_MS)
    return refuse({ code: "factor_missing" });
  const step = await matchingStep(env, accountId, tried.sealedTotpSecret, code, nowMs);
  const account = await findById(env, accountId);
  if (step === null || !account) {
    noteWrongFactor(env, after, accountId, "totp", nowMs, client);
    return refuse({ code: "code_invalid" });
  }

  const signedIn = goesOn(who, nowMs);
  const confirm = env.DB.prepare(
    `UPDATE account_factors SET totp_confirmed_at_ms = ?, last_totp_step = ?, tries = 0
     WHERE account_id = ? AND sealed_totp_secret = ? AND totp_confirmed_at_ms IS NULL AND ${signedIn.sql}`,
  ).bind(nowMs, step, accountId, tried.sealedTotpSecret, ...signedIn.values);
  const recoveryCodes = makeRecoveryCodes();
  const restated = restateFactors(env, account, nowMs);
  const told = notice(env, accountId, "totp_added", nowMs, { client });
  const confirmed = await guardedBatch(env.DB, confirm, [
    ...(await replaceRecoveryCodes(env, accountId, recoveryCodes, nowMs)),
    ...restated.effects,
    ...told.effects,
  ]);
  if (!confirmed.ok) return refuse(await refusalOf(env, who, "code_invalid", nowMs));
  send(env, after, [restated.news, told.news]);
  return ok({ recoveryCodes });
}

/** Needs the password and a code, or a recovery code where the phone is gone. */
export async function disableTotp(
  env: AuthEnv,
  after: After,
  accountId: string,
  { password, code }: z.infer<typeof TotpRemoval>,
  nowMs: number,
  client?: Client,
): Promise<Result<null, Refusal<"code_invalid" | "factor_missing" | "account_locked" | "invalid_credentials" | "overloaded">>> {
  const confirmed = await confirmPassword(env, after, accountId, password, nowMs, client);
  if (!confirmed.ok) return confirmed;
  if (!(await hasTotp(env, accountId))) return refuse({ code: "factor_missing" });
  const method = /^[\d\s]+$/.test(code) ? "totp" : "recovery_code";
  const proof = await proveCode(env, accountId, method, code, nowMs, client);
  if (!proof.ok) {
    noteWrongFactor(env, after, accountId, method, nowMs, client);
    return proof;
  }

  const remove = env.DB.prepare(
    `UPDATE account_factors SET sealed_totp_secret = NULL, totp_asked_at_ms = NULL, totp_confirmed_at_ms = NULL
     WHERE account_id = ? AND totp_confirmed_at_ms IS NOT NULL AND ${proof.value.condition.sql}`,
  ).bind(accountId, ...proof.value.condition.values);
  const restated = restateFactors(env, confirmed.value, nowMs);
  const told = notice(env, accountId, "totp_removed", nowMs, { client });
  const removed = await guardedBatch(env.DB, remove, [...proof.value.effects, ...restated.effects, ...told.effects]);
  if (!removed.ok) {
    noteWrongFactor(env, after, accountId, method, nowMs, client);
    return refuse({ code: "code_invalid" });
  }
  send(env, after, [restated.news, told.news]);
  return ok(null);
}

const hasTotp = async (env: AuthEnv, accountId: string): Promise<boolean> =>
  (await env.DB.prepare("SELECT 1 FROM account_factors WHERE account_id = ? AND totp_confirmed_at_ms IS NOT NULL")
    .bind(accountId)
    .first()) !== null;

/** A code that an app or a piece of paper says; the app's is counted as a try. */
export async function proveCode(
  env: AuthEnv,
  accountId: string,
  method: "totp" | "recovery_code",
  code: string,
  nowMs: number,
  client?: Client,
): Promise<Result<Proof, Refusal<"code_invalid" | "account_locked">>> {
  if (method === "recovery_code") {
    const proof = await proveRecoveryCode(env, accountId, code, nowMs, client);
    return ok({ ...proof, effects: [...proof.effects, forgetTries(env, accountId)] });
  }
  const tried = await takeTry(env, accountId, nowMs);
  if ("code" in tried) return refuse(tried);
  const proof = await proveTotp(env, accountId, tried, code, nowMs);
  if (!proof) return refuse({ code: "code_invalid" });
  return ok({ ...proof, effects: [...proof.effects, forgetTries(env, accountId)] });
}

async function proveTotp(
  env: AuthEnv,
  accountId: string,
  { sealedTotpSecret, totpConfirmedAtMs }: { sealedTotpSecret: string | null; totpConfirmedAtMs: number | null },
  code: string,
  nowMs: number,
): Promise<Proof | null> {
  if (sealedTotpSecret === null || totpConfirmedAtMs === null) return null;
  const step = await matchingStep(env, accountId, sealedTotpSecret, code, nowMs);
  if (step === null) return null;
  return {
    condition: {
      sql: "EXISTS (SELECT 1 FROM account_factors WHERE account_id = ? AND sealed_totp_secret = ? AND last_totp_step < ?)",
      values: [accountId, sealedTotpSecret, step],
    },
    effects: [env.DB.prepare("UPDATE account_factors SET last_totp_step = ? WHERE account_id = ?").bind(step, accountId)],
  };
}

async function matchingStep(
  env: AuthEnv,
  accountId: string,
  sealed: string,
  code: string,
  nowMs: number,
): Promise<number | null> {
  const secret = await unseal(env, PURPOSE, accountId, sealed);
  // After KEY_ENCRYPTION_KEY was replaced by force: recovery codes and passkeys still open the account.
  if (!secret) return null;
  return stepOf(secret, code.replaceAll(/\s/g, ""), nowMs);
}
