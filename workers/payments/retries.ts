/** When what failed is tried again: later each time, so that it neither stands before the others nor is forgotten. */

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Doubled more often than this, a pause is the longest anyway. */
const MAX_DOUBLINGS = 10;

export interface Waiting {
  rowid: number;
}

export const postpone = (
  db: D1Database,
  table: "orders" | "payments" | "provider_events" | "refunds",
  rows: readonly Waiting[],
  nowMs: number,
): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE ${table} SET attempts = attempts + 1, next_try_at_ms = ? + min(? << min(attempts, ${MAX_DOUBLINGS}), ?)
       WHERE rowid IN (SELECT value FROM json_each(?))`,
    )
    .bind(nowMs, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, JSON.stringify(rows.map(({ rowid }) => rowid)));
