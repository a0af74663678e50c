/** Which second factors an account has. */
import { z } from "zod";
import type { SECOND_FACTORS } from "../../shared/contracts/accounts";
import type { Envelope } from "../../shared/contracts/messages";
import { announce } from "../../shared/d1/outbox";
import { accountNews } from "./news";
import type { AccountRow } from "./schema";

export type SecondFactor = (typeof SECOND_FACTORS)[number];

export const Factors = z
  .object({ totp: z.boolean(), passkeys: z.int().min(0), recoveryCodesLeft: z.int().min(0) })
  .meta({ id: "Factors" });
export type Factors = z.infer<typeof Factors>;

export async function factorsOf(env: AuthEnv, accountId: string): Promise<Factors> {
  const row = await env.DB.prepare(
    `SELECT EXISTS (SELECT 1 FROM account_factors WHERE account_id = ?1 AND totp_confirmed_at_ms IS NOT NULL) AS totp,
       (SELECT count(*) FROM passkeys WHERE account_id = ?1) AS passkeys,
       (SELECT count(*) FROM recovery_codes WHERE account_id = ?1 AND used_at_ms IS NULL) AS codes`,
  )
    .bind(accountId)
    .first<{ totp: number; passkeys: number; codes: number }>();
  return { totp: row?.totp === 1, passkeys: row?.passkeys ?? 0, recoveryCodesLeft: row?.codes ?? 0 };
}

/** A passkey is bound to the issuer's host, and its browser offers it nowhere else. */
export async function methodsOf(env: AuthEnv, accountId: string, audience: string): Promise<SecondFactor[]> {
  const { totp, passkeys, recoveryCodesLeft } = await factorsOf(env, accountId);
  return [
    ...(totp ? (["totp"] as const) : []),
    ...(recoveryCodesLeft > 0 ? (["recovery_code"] as const) : []),
    ...(passkeys > 0 && audience === env.ISSUER ? (["webauthn"] as const) : []),
  ];
}

const HAS_FACTOR = `(EXISTS (SELECT 1 FROM account_factors WHERE account_id = accounts.id AND totp_confirmed_at_ms IS NOT NULL)
  OR EXISTS (SELECT 1 FROM passkeys WHERE account_id = accounts.id))`;

/**
 * For the end of a batch that adds or takes a factor: keeps `mfa_enabled` true to the rows, announces the account, and forgets the
 * recovery codes of who has nothing left to recover.
 */
export function restateFactors(
  env: AuthEnv,
  account: Pick<AccountRow, "id" | "version">,
  nowMs: number,
): { effects: D1PreparedStatement[]; news: Envelope } {
  const news = accountNews("account.changed", account.id, account.version + 1, nowMs);
  const restate = env.DB.prepare(
    `UPDATE accounts SET mfa_enabled = ${HAS_FACTOR}, version = version + 1, updated_at_ms = ? WHERE id = ?`,
  ).bind(nowMs, account.id);
  const forget = env.DB.prepare(
    "DELETE FROM recovery_codes WHERE account_id = ?1 AND EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND mfa_enabled = 0)",
  ).bind(account.id);
  return { effects: [restate, forget, announce(env.DB, news)], news };
}
