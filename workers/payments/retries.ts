/** When what failed is tried again: later each time, so that it neither stands before the others nor is forgotten. */

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Doubled more often than this, a pause is the longest anyway. */
const MAX_DOUBLINGS = 10;

export type Retried = "orders" | "payments" | "provider_events" | "refunds" | "event_refunds";

const PUT_BACK = `attempts = attempts + 1,
  next_try_at_ms = ? + min(${FIRST_PAUSE_MS} << min(attempts, ${MAX_DOUBLINGS}), ${LONGEST_PAUSE_MS})`;

export interface Due {
  /** Of the rows that wait; `next_try_at_ms` is compared besides. */
  where: string;
  values?: readonly number[];
  limit: number;
}

/**
 * Takes what is due and puts it back before it is tried, in one statement: a row that fails, or dies with its sweep, stands behind the
 * others the next time, and two sweeps at once take none twice.
 */
export async function take<Row>(
  db: D1Database,
  table: Retried,
  nowMs: number,
  { where, values = [], limit }: Due,
): Promise<Row[]> {
  const { results } = await db
    .prepare(
      `UPDATE ${table} SET ${PUT_BACK} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${where} AND next_try_at_ms <= ?
         ORDER BY next_try_at_ms LIMIT ?)
       RETURNING *`,
    )
    .bind(nowMs, ...values, nowMs, limit)
    .all<Row>();
  return results;
}

/** The same for rows that were chosen already: those that another sweep has put back in between are not there any more. */
export async function takeChosen<Row extends { id: string }>(
  db: D1Database,
  table: "orders",
  rows: readonly Row[],
  nowMs: number,
): Promise<Row[]> {
  const { results } = await db
    .prepare(`UPDATE ${table} SET ${PUT_BACK} WHERE id IN (SELECT value FROM json_each(?)) AND next_try_at_ms <= ? RETURNING id`)
    .bind(nowMs, JSON.stringify(rows.map(({ id }) => id)), nowMs)
    .all<{ id: string }>();
  const taken = new Set(results.map(({ id }) => id));
  return rows.filter(({ id }) => taken.has(id));
}

/** The same by rowid, with all that stands in them. */
export async function takeRows<Row>(
  db: D1Database,
  table: "provider_events",
  rowids: readonly number[],
  nowMs: number,
): Promise<Row[]> {
  const { results } = await db
    .prepare(
      `UPDATE ${table} SET ${PUT_BACK} WHERE rowid IN (SELECT value FROM json_each(?)) AND next_try_at_ms <= ?
       RETURNING rowid, *`,
    )
    .bind(nowMs, JSON.stringify(rowids), nowMs)
    .all<Row>();
  return results;
}

/** Taken, and nobody came to it: it was no try, and may be taken again at once. */
export const giveBack = (db: D1Database, table: "provider_events", rowids: readonly number[], nowMs: number): Promise<unknown> =>
  db
    .prepare(
      `UPDATE ${table} SET attempts = max(attempts - 1, 0), next_try_at_ms = ? WHERE rowid IN (SELECT value FROM json_each(?))`,
    )
    .bind(nowMs, JSON.stringify(rowids))
    .run();
