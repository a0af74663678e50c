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
  const freed = sql
    .exec<{ pool_id: string; anonymous: number; quantity: number }>(
      `SELECT tp.pool_id, h.holder_kind <> 'user' AS anonymous, SUM(l.value ->> 'quantity') AS quantity
       FROM json_each(?) e JOIN holds h ON h.number = e.value JOIN json_each(h.lines) l
       JOIN ticket_type_pools tp ON tp.ticket_type_id = l.value ->> 'ticketTypeId'
       GROUP BY 1, 2`,
      JSON.stringify(ended.map(({ number }) => number)),
    )
    .toArray();
  for (const anonymous of [0, 1]) {
    const rows = freed.filter((row) => row.anonymous === anonymous);
    const demand: Demand = new Map(rows.map((row) => [row.pool_id, row.quantity]));
    returnToPools(sql, demand, GIVE_BACK, anonymous === 1);
  }
  return ended.length;
}

/** When the next hold ends, null when none is live. */
export function nextDueMs(sql: SqlStorage): number | null {
  return sql.exec<{ due: number | null }>("SELECT MIN(expires_at_ms) AS due FROM holds WHERE status IN ('held', 'claimed')").one()
    .due;
}
