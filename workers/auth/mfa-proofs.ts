/**
 * What a second factor proves: a condition that holds at the moment when the proof counts, and what makes it not hold again. Whoever
 * lets somebody in by it puts both into one batch, so that of two uses of one code at once one counts.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Condition } from "./sessions";

export interface Proof {
  condition: Condition;
  effects: D1PreparedStatement[];
}

export const both = (one: Condition, other: Condition): Condition => ({
  sql: `${one.sql} AND ${other.sql}`,
  values: [...one.values, ...other.values],
});

/** Codes that an account may offer in a row without a right one … */
export const TRIES = 10;
/** … within this: ten of a million, three of which are right, four times an hour. */
export const TRIES_WINDOW_MS = 15 * 60_000;

export interface TriedFactors {
  sealedTotpSecret: string | null;
  totpAskedAtMs: number | null;
  totpConfirmedAtMs: number | null;
}

/** Counts before it is known whether the code is right: a thousand at once get ten tries too. */
export async function takeTry(env: AuthEnv, accountId: string, nowMs: number): Promise<TriedFactors | Refusal<"account_locked">> {
  const tried = await env.DB.prepare(
    `INSERT INTO account_factors (account_id, tries, tries_since_ms) VALUES (?1, 1, ?2)
     ON CONFLICT (account_id) DO UPDATE SET
       tries = iif(tries_since_ms <= ?2 - ?3, 1, tries + 1),
       tries_since_ms = iif(tries_since_ms <= ?2 - ?3 OR tries = 0, ?2, tries_since_ms)
     WHERE tries < ?4 OR tries_since_ms <= ?2 - ?3
     RETURNING sealed_totp_secret AS sealedTotpSecret, totp_asked_at_ms AS totpAskedAtMs, totp_confirmed_at_ms AS totpConfirmedAtMs`,
  )
    .bind(accountId, nowMs, TRIES_WINDOW_MS, TRIES)
    .first<TriedFactors>();
  if (tried) return tried;
  const since = await env.DB.prepare("SELECT tries_since_ms AS ms FROM account_factors WHERE account_id = ?")
    .bind(accountId)
    .first<{ ms: number }>();
  const endsAtMs = (since?.ms ?? nowMs) + TRIES_WINDOW_MS;
  return { code: "account_locked", retryAfterSeconds: Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000)) };
}

/** For the batch of a right one. */
export const forgetTries = (env: AuthEnv, accountId: string): D1PreparedStatement =>
  env.DB.prepare("UPDATE account_factors SET tries = 0 WHERE account_id = ?").bind(accountId);
