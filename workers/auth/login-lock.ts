/**
 * Locks an address for a while after wrong passwords in a row, whether it has an account or not, so that the lock tells nothing. The
 * count stands in the database until an object an address takes it over.
 */
import type { Refusal } from "../../shared/contracts/problems";
import { hmacText } from "../../shared/crypto/hmac";
import { emailKey } from "./accounts";

export const WRONG_IN_A_ROW = 10;
/** Wrong ones count together within this, and lock for as long. */
export const WINDOW_MS = 15 * 60_000;

export const addressKey = (env: AuthEnv, email: string): Promise<string> =>
  hmacText(env.ACCOUNT_TOKEN_KEY, ["login", emailKey(email)]);

/** Null while it is not locked. */
export async function lockOf(env: AuthEnv, key: string, nowMs: number): Promise<Refusal<"account_locked"> | null> {
  const row = await env.DB.prepare("SELECT locked_until_ms AS untilMs FROM login_failures WHERE address_key = ?")
    .bind(key)
    .first<{ untilMs: number }>();
  return row && row.untilMs > nowMs ? locked(row.untilMs, nowMs) : null;
}

const locked = (untilMs: number, nowMs: number): Refusal<"account_locked"> => ({
  code: "account_locked",
  retryAfterSeconds: Math.ceil((untilMs - nowMs) / 1000),
});

/** Counts a wrong password; the lock when others, at the same time, had used up the tries before this one. */
export async function countWrong(env: AuthEnv, key: string, nowMs: number): Promise<Refusal<"account_locked"> | null> {
  const row = await env.DB.prepare(
    `INSERT INTO login_failures (address_key, failures, since_ms) VALUES (?1, 1, ?2)
     ON CONFLICT (address_key) DO UPDATE SET
       failures = iif(since_ms <= ?2 - ?3, 1, failures + 1),
       since_ms = iif(since_ms <= ?2 - ?3, ?2, since_ms),
       locked_until_ms = iif(since_ms > ?2 - ?3 AND failures + 1 = ?4, ?2 + ?3, locked_until_ms)
     RETURNING failures, locked_until_ms AS untilMs`,
  )
    .bind(key, nowMs, WINDOW_MS, WRONG_IN_A_ROW)
    .first<{ failures: number; untilMs: number }>();
  return row && row.failures > WRONG_IN_A_ROW && row.untilMs > nowMs ? locked(row.untilMs, nowMs) : null;
}

/** True of an address that is not locked: for the statement that signs in, because many guesses may have passed `lockOf` at once. */
export const NOT_LOCKED = "NOT EXISTS (SELECT 1 FROM login_failures WHERE address_key = ? AND locked_until_ms > ?)";

export const forgetWrong = (env: AuthEnv, key: string): D1PreparedStatement =>
  env.DB.prepare("DELETE FROM login_failures WHERE address_key = ?").bind(key);

const SWEEP_LIMIT = 500;
/** Counts that no longer matter. A lock ends at most two windows after its first wrong password. */
export async function sweepLocks(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    `DELETE FROM login_failures WHERE address_key IN
       (SELECT address_key FROM login_failures WHERE since_ms <= ? ORDER BY since_ms LIMIT ?)`,
  )
    .bind(nowMs - 2 * WINDOW_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
