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

/** Codes of an app that an account may offer in a row without a right one, before it pauses … */
export const TRIES = 10;
/** … for this after the first ten, for twice as long after each further ten … */
export const TRIES_PAUSE_MS = 15 * 60_000;
const LONGEST_PAUSE_MS = 86_400_000;
/** … until the app opens nothing any more (NIST SP 800-63B-4, 3.2.2): another factor does, and counts anew. */
export const MOST_TRIES = 100;

export interface TriedFactors {
  sealedTotpSecret: string | null;
  totpAskedAtMs: number | null;
  totpConfirmedAtMs: number | null;
}

const pauseMs = (tries: number): number => Math.min(TRIES_PAUSE_MS * 2 ** (tries / TRIES - 1), LONGEST_PAUSE_MS);

/**
 * Counts before it is known whether the code is right: a thousand at once get ten tries too. `tries_since_ms` is when the last one was.
 * Recovery codes are not counted: nobody guesses one, and a stranger's guesses must not keep the owner from his.
 */
export async function takeTry(env: AuthEnv, accountId: string, nowMs: number): Promise<TriedFactors | Refusal<"account_locked">> {
  const tried = await env.DB.prepare(
    `INSERT INTO account_factors (account_id, tries, tries_since_ms) VALUES (?1, 1, ?2)
     ON CONFLICT (account_id) DO UPDATE SET tries = tries + 1, tries_since_ms = ?2
     WHERE tries < ${MOST_TRIES} AND (tries = 0 OR tries % ${TRIES} <> 0
       OR tries_since_ms + min(${TRIES_PAUSE_MS} * (1 << (tries / ${TRIES} - 1)), ${LONGEST_PAUSE_MS}) <= ?2)
     RETURNING sealed_totp_secret AS sealedTotpSecret, totp_asked_at_ms AS totpAskedAtMs, totp_confirmed_at_ms AS totpConfirmedAtMs`,
  )
    .bind(accountId, nowMs)
    .first<TriedFactors>();
  if (tried) return tried;
  const last = await env.DB.prepare("SELECT tries, tries_since_ms AS ms FROM account_factors WHERE account_id = ?")
    .bind(accountId)
    .first<{ tries: number; ms: number }>();
  // Where the tries are used up no time helps; a day is what a machine should wait before it asks again.
  const endsAtMs = last && last.tries < MOST_TRIES ? last.ms + pauseMs(last.tries) : nowMs + LONGEST_PAUSE_MS;
  return { code: "account_locked", retryAfterSeconds: Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000)) };
}

/** For the batch of a right one, of this factor or another. */
export const forgetTries = (env: AuthEnv, accountId: string): D1PreparedStatement =>
  env.DB.prepare("UPDATE account_factors SET tries = 0 WHERE account_id = ?").bind(accountId);

/**
 * For the batch of a mailed link's reset, the only way back for who has no other factor: ten tries more, after the pause. Whoever reads
 * the owner's mail must not get a hundred for every link.
 */
export const allowLastTries = (env: AuthEnv, accountId: string): D1PreparedStatement =>
  env.DB.prepare("UPDATE account_factors SET tries = min(tries, ?) WHERE account_id = ?").bind(MOST_TRIES - TRIES, accountId);
