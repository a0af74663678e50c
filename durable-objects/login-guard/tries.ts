import type { Guarded, GuardLimits } from "../../shared/contracts/login-guard";

/** Wrong ones count together within this. */
export const WINDOW_MS = 15 * 60_000;
/** Locks count together within this; after it nothing about the address is worth keeping. */
export const DAY_MS = 86_400_000;

type Row = { wrong: number; since_ms: number; blocked_until_ms: number; locks: number; first_lock_ms: number };
const NOTHING: Row = { wrong: 0, since_ms: 0, blocked_until_ms: 0, locks: 0, first_lock_ms: 0 };

const read = (sql: SqlStorage): Row =>
  sql.exec<Row>("SELECT wrong, since_ms, blocked_until_ms, locks, first_lock_ms FROM tries WHERE id = 1").toArray()[0] ?? NOTHING;

/** Milliseconds until somebody may try again, and how many wrong ones count together now. */
export function standingOf(sql: SqlStorage, nowMs: number): { waitMs: number; wrong: number } {
  const row = read(sql);
  return { waitMs: Math.max(0, row.blocked_until_ms - nowMs), wrong: row.since_ms > nowMs - WINDOW_MS ? row.wrong : 0 };
}

/** Counts a wrong one; while it is blocked none counts, so that a flood cannot lengthen a lock. */
export function countWrong(sql: SqlStorage, limits: GuardLimits, nowMs: number): Guarded {
  const before = read(sql);
  if (before.blocked_until_ms > nowMs) return { waitMs: before.blocked_until_ms - nowMs, locked: false };
  const row = { ...before };
  if (row.wrong === 0 || row.since_ms <= nowMs - WINDOW_MS) Object.assign(row, { wrong: 0, since_ms: nowMs });
  row.wrong++;
  const locked = limits.lockAt !== null && row.wrong >= limits.lockAt;
  if (locked) {
    if (row.first_lock_ms <= nowMs - DAY_MS) Object.assign(row, { locks: 0, first_lock_ms: nowMs });
    row.blocked_until_ms = nowMs + Math.min(limits.lockMs * 2 ** row.locks, limits.mostLockMs);
    row.locks++;
    row.wrong = 0;
  } else if (row.wrong > limits.free) {
    row.blocked_until_ms = nowMs + Math.min(limits.firstPauseMs * 2 ** (row.wrong - limits.free - 1), limits.mostPauseMs);
  }
  sql.exec(
    `INSERT INTO tries (id, wrong, since_ms, blocked_until_ms, locks, first_lock_ms) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET wrong = excluded.wrong, since_ms = excluded.since_ms,
       blocked_until_ms = excluded.blocked_until_ms, locks = excluded.locks, first_lock_ms = excluded.first_lock_ms`,
    row.wrong,
    row.since_ms,
    row.blocked_until_ms,
    row.locks,
    row.first_lock_ms,
  );
  return { waitMs: 0, locked };
}

/** A right one: what came before it is not in a row any more. */
export const forgetWrong = (sql: SqlStorage): void =>
  void sql.exec("UPDATE tries SET wrong = 0, blocked_until_ms = 0 WHERE id = 1");
