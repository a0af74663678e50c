import type { Guarded, GuardLimits } from "../../shared/contracts/login-guard";

export const DAY_MS = 86_400_000;

type Row = { wrong: number; since_ms: number; blocked_until_ms: number; forget_at_ms: number };
const NOTHING: Row = { wrong: 0, since_ms: 0, blocked_until_ms: 0, forget_at_ms: 0 };

/** What is to be forgotten is, whenever the alarm comes. */
const read = (sql: SqlStorage, nowMs: number): Row =>
  sql
    .exec<Row>("SELECT wrong, since_ms, blocked_until_ms, forget_at_ms FROM tries WHERE id = 1 AND forget_at_ms > ?", nowMs)
    .toArray()[0] ?? NOTHING;

/** Milliseconds until somebody may try again, how many wrong ones count together now, and until when they are remembered. */
export function standingOf(
  sql: SqlStorage,
  nowMs: number,
  windowMs: number = Number.POSITIVE_INFINITY,
): { waitMs: number; wrong: number; forgetAtMs: number } {
  const row = read(sql, nowMs);
  return {
    waitMs: Math.max(0, row.blocked_until_ms - nowMs),
    wrong: row.since_ms <= nowMs - windowMs ? 0 : row.wrong,
    forgetAtMs: row.forget_at_ms,
  };
}

/** Counts a wrong one; while it is blocked none counts, so that a flood cannot lengthen a lock. */
export function countWrong(sql: SqlStorage, limits: GuardLimits, nowMs: number): Guarded {
  const row = { ...read(sql, nowMs) };
  if (row.blocked_until_ms > nowMs) return { waitMs: row.blocked_until_ms - nowMs, locked: false };
  if (row.wrong === 0 || row.since_ms <= nowMs - limits.windowMs) Object.assign(row, { wrong: 0, since_ms: nowMs });
  row.wrong++;
  // A day for each wrong one: whoever waits until all is forgotten guesses once a day, and made-up names are soon gone.
  row.forget_at_ms = nowMs + (Number.isFinite(limits.windowMs) ? DAY_MS : row.wrong * DAY_MS);
  const locked = limits.lockAt !== null && row.wrong % limits.lockAt === 0;
  if (row.wrong >= limits.closeAt) row.blocked_until_ms = row.forget_at_ms;
  else if (limits.lockAt !== null && locked)
    row.blocked_until_ms = nowMs + Math.min(limits.lockMs * 2 ** (row.wrong / limits.lockAt - 1), limits.mostLockMs);
  else if (row.wrong > limits.free)
    row.blocked_until_ms = nowMs + Math.min(limits.firstPauseMs * 2 ** (row.wrong - limits.free - 1), limits.mostPauseMs);
  sql.exec(
    `INSERT INTO tries (id, wrong, since_ms, blocked_until_ms, forget_at_ms, locks, first_lock_ms) VALUES (1, ?, ?, ?, ?, 0, 0)
     ON CONFLICT (id) DO UPDATE SET wrong = excluded.wrong, since_ms = excluded.since_ms,
       blocked_until_ms = excluded.blocked_until_ms, forget_at_ms = excluded.forget_at_ms`,
    row.wrong,
    row.since_ms,
    row.blocked_until_ms,
    row.forget_at_ms,
  );
  return { waitMs: 0, locked };
}

/** A right one, or a mailed link: what came before it is not in a row any more. */
export const forgetWrong = (sql: SqlStorage): void =>
  void sql.exec("UPDATE tries SET wrong = 0, blocked_until_ms = 0 WHERE id = 1");
