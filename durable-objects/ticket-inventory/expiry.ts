/** Ends what is due (rule 10). Nothing that is decided waits for it: reads and refusals count a due hold as gone already. */
import { type Demand, GIVE_BACK, returnToPools } from "./pools";

/** Ends at most `limit` due holds, oldest first, and answers how many. */
export function expireDue(sql: SqlStorage, nowMs: number, limit: number): number {
  const ended = sql
    .exec<{ number: number }>(
      `UPDATE holds SET status = 'expired' WHERE number IN (
         SELECT number FROM holds WHERE status IN ('held', 'claimed') AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?
       ) RETURNING number`,
      nowMs,
      limit,
    )
    .toArray();
  if (ended.length === 0) return 0;
  const freed = sql.exec<{ pool_id: string; quantity: number }>(
    `SELECT tp.pool_id, SUM(l.quantity) AS quantity
     FROM json_each(?) e JOIN hold_lines l ON l.hold_number = e.value JOIN ticket_type_pools tp ON tp.ticket_type_id = l.ticket_type_id
     GROUP BY tp.pool_id`,
    JSON.stringify(ended.map(({ number }) => number)),
  );
  const demand: Demand = new Map(freed.toArray().map((row) => [row.pool_id, row.quantity]));
  returnToPools(sql, demand, GIVE_BACK);
  return ended.length;
}

/** When the next hold ends, null when none is live. */
export function nextDueMs(sql: SqlStorage): number | null {
  return sql.exec<{ due: number | null }>("SELECT MIN(expires_at_ms) AS due FROM holds WHERE status IN ('held', 'claimed')").one()
    .due;
}
