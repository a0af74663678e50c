/** Ends what is due (rule 10). Nothing that is decided waits for it: reads and refusals count a due hold as gone already. */
import type { HeldLine, Holder } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { returnHeldStock } from "./stock";

type EndedRow = { id: string; holder_kind: Holder["kind"]; holder_key: string; lines: string };

const END_DUE = `UPDATE holds SET status = 'expired' WHERE number IN (
  SELECT number FROM holds WHERE status IN ('held', 'claimed') AND expires_at_ms <= ? ORDER BY expires_at_ms, number LIMIT ?)`;

/** Ends at most `limit` due holds, oldest first, and answers how many. */
export function expireDue(sql: SqlStorage, terms: Terms, nowMs: number, limit: number): number {
  const ended = sql.exec<EndedRow>(`${END_DUE} RETURNING id, holder_kind, holder_key, lines`, nowMs, limit).toArray();
  const holds = ended.map((row) => ({
    id: row.id,
    holder: { kind: row.holder_kind, key: row.holder_key },
    // Written by `insertHold` and its kin in `holds.ts`.
    lines: JSON.parse(row.lines) as HeldLine[],
  }));
  if (holds.length > 0) returnHeldStock(sql, terms, holds);
  return holds.length;
}

/** What becomes of a failure that keeps nobody else waiting. */
export type Report = (error: unknown, task: string) => void;

/**
 * The same, whatever state one of them is in: when they cannot end together each ends by itself, and one that cannot is set aside with
 * what it has (`stuck_holds`), which is reported. Its tickets are lost to the sale until somebody has looked; nobody else's are.
 */
export function expireEachDue(storage: DurableObjectStorage, terms: Terms, nowMs: number, limit: number, report: Report): number {
  const { sql } = storage;
  try {
    return storage.transactionSync(() => expireDue(sql, terms, nowMs, limit));
  } catch {
    // Whose fault it was is found out one by one.
  }
  for (let ended = 0; ended < limit; ended++) {
    try {
      if (storage.transactionSync(() => expireDue(sql, terms, nowMs, 1)) === 0) return ended;
    } catch (error) {
      const holdId = putAside(sql, nowMs, error);
      report(error, `ending hold ${holdId}, which is set aside`);
    }
  }
  return limit;
}

/** The hold that `expireDue` comes to first. */
function putAside(sql: SqlStorage, nowMs: number, error: unknown): string {
  const { id } = sql.exec<{ id: string }>(`${END_DUE} RETURNING id`, nowMs, 1).one();
  sql.exec("INSERT INTO stuck_holds (hold_id, why, noted_at_ms) VALUES (?, ?, ?)", id, String(error), nowMs);
  return id;
}

/** When the next hold ends, null when none is live. */
export function nextDueMs(sql: SqlStorage): number | null {
  return sql.exec<{ due: number | null }>("SELECT MIN(expires_at_ms) AS due FROM holds WHERE status IN ('held', 'claimed')").one()
    .due;
}
