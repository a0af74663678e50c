/** Ends what is due (rule 10). Nothing that is decided waits for it: reads and refusals count a due hold as gone already. */
import type { HeldLine, Holder } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { returnHeldStock } from "./stock";

type EndedRow = { id: string; holder_kind: Holder["kind"]; holder_key: string; lines: string };

/** Ends at most `limit` due holds, oldest first, and answers how many. */
export function expireDue(sql: SqlStorage, terms: Terms, nowMs: number, limit: number): number {
  const ended = sql
    .exec<EndedRow>(
      `UPDATE holds SET status = 'expired' WHERE number IN (
         SELECT number FROM holds WHERE status IN ('held', 'claimed') AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?
       ) RETURNING id, holder_kind, holder_key, lines`,
      nowMs,
      limit,
    )
    .toArray();
  const holds = ended.map((row) => ({
    id: row.id,
    holder: { kind: row.holder_kind, key: row.holder_key },
    // Written by `insertHold` and its kin in `holds.ts`.
    lines: JSON.parse(row.lines) as HeldLine[],
  }));
  if (holds.length > 0) returnHeldStock(sql, terms, holds);
  return holds.length;
}

/** When the next hold ends, null when none is live. */
export function nextDueMs(sql: SqlStorage): number | null {
  return sql.exec<{ due: number | null }>("SELECT MIN(expires_at_ms) AS due FROM holds WHERE status IN ('held', 'claimed')").one()
    .due;
}
