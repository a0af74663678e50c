/** Ten codes for the day when the phone is gone, each good once. Random enough that a fast hash keeps them. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { toBase32 } from "./base32";
import type { SignedIn } from "./callers";
import type { Client } from "./clients";
import { notice } from "./mails";
import type { Proof } from "./mfa-proofs";
import { type After, send } from "./news";
import { goesOn, refusalOf } from "./session-ends";

export const RECOVERY_CODES = 10;
/** From 112 bits on (NIST SP 800-63B-4, 3.1.2.2) a code needs no slow hash; older ones have 80 bits and go on working. */
const CODE_BYTES = 15;
const GROUP = 4;

/** As people read them, in six groups. */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const letters = toBase32(crypto.getRandomValues(new Uint8Array(CODE_BYTES))).toLowerCase();
    return letters.match(new RegExp(`.{${GROUP}}`, "g"))?.join("-") ?? letters;
  });
}

/** However it is typed. The account is hashed with it, so that one guess is one for one account. */
const hashOf = (accountId: string, code: string): Promise<string> =>
  sha256(`bilten:recovery_code\0${accountId}\0${code.toLowerCase().replaceAll(/[^a-z2-7]/g, "")}`);

/** New ones in the place of all older ones, for a batch. */
export async function replaceRecoveryCodes(
  env: AuthEnv,
  accountId: string,
  codes: readonly string[],
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const hashes = await Promise.all(codes.map((code) => hashOf(accountId, code)));
  return [
    env.DB.prepare("DELETE FROM recovery_codes WHERE account_id = ?").bind(accountId),
    env.DB.prepare("INSERT INTO recovery_codes (account_id, hash, created_at_ms) SELECT ?, value, ? FROM json_each(?)").bind(
      accountId,
      nowMs,
      JSON.stringify(hashes),
    ),
  ];
}

/** Ten where there is none that works, for a batch; `wereTaken` tells after it. */
export async function offerRecoveryCodes(
  env: AuthEnv,
  accountId: string,
  codes: readonly string[],
  nowMs: number,
): Promise<D1PreparedStatement> {
  const hashes = await Promise.all(codes.map((code) => hashOf(accountId, code)));
  return env.DB.prepare(
    `INSERT INTO recovery_codes (account_id, hash, created_at_ms) SELECT ?1, value, ?2 FROM json_each(?3)
     WHERE NOT EXISTS (SELECT 1 FROM recovery_codes WHERE account_id = ?1 AND used_at_ms IS NULL)`,
  ).bind(accountId, nowMs, JSON.stringify(hashes));
}

/** False where others stand in the account already, or have taken these ones' place. */
export async function wereTaken(env: AuthEnv, accountId: string, [first = ""]: readonly string[]): Promise<boolean> {
  const row = env.DB.prepare("SELECT 1 FROM recovery_codes WHERE account_id = ? AND hash = ?");
  return (await row.bind(accountId, await hashOf(accountId, first)).first()) !== null;
}

/** Whether the code is one of the account's is the condition's to find out. Its owner is told; the sweep sends the mail. */
export async function proveRecoveryCode(
  env: AuthEnv,
  accountId: string,
  code: string,
  nowMs: number,
  client?: Client,
): Promise<Proof> {
  const hash = await hashOf(accountId, code);
  return {
    condition: {
      sql: "EXISTS (SELECT 1 FROM recovery_codes WHERE account_id = ? AND hash = ? AND used_at_ms IS NULL)",
      values: [accountId, hash],
    },
    effects: [
      env.DB.prepare("UPDATE recovery_codes SET used_at_ms = ? WHERE account_id = ? AND hash = ?").bind(nowMs, accountId, hash),
      ...notice(env, accountId, "recovery_code_used", nowMs, { client }).effects,
    ],
  };
}

/** For who has used some, or lost the paper. */
export async function renewRecoveryCodes(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  nowMs: number,
): Promise<Result<{ recoveryCodes: string[] }, Refusal<"factor_missing" | "credential_invalid">>> {
  const { userId: accountId, client } = who;
  const recoveryCodes = makeRecoveryCodes();
  const { sql, values } = goesOn(who, nowMs);
  const has = env.DB.prepare(`UPDATE accounts SET updated_at_ms = updated_at_ms WHERE id = ? AND mfa_enabled = 1 AND ${sql}`);
  const told = notice(env, accountId, "recovery_codes_renewed", nowMs, { client });
  const renewed = await guardedBatch(env.DB, has.bind(accountId, ...values), [
    ...(await replaceRecoveryCodes(env, accountId, recoveryCodes, nowMs)),
    ...told.effects,
  ]);
  if (!renewed.ok) return refuse(await refusalOf(env, who, "factor_missing", nowMs));
  send(env, after, [told.news]);
  return ok({ recoveryCodes });
}
