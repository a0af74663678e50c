/** Addresses of those who waited go some time after their entries are over; what became of each entry remains. */
import { ADDRESS_KEPT_MS } from "../../shared/contracts/waiting";

/** In one alarm, which must not keep those who buy waiting. */
const ERASED_AT_A_TIME = 500;

/** When the next address goes, null when none is to go yet. */
export function nextErasureMs(sql: SqlStorage): number | null {
  const { due } = sql
    .exec<{ due: number | null }>("SELECT MIN(erase_at_ms) AS due FROM waiting_entries WHERE erase_at_ms > 0")
    .one();
  return due;
}

/** Forgets who it was whose entries ended long ago, the oldest first. An offer that is being paid for keeps its address meanwhile. */
export function eraseAddresses(sql: SqlStorage, nowMs: number): void {
  const due = sql.exec<{ number: number }>(
    "SELECT number FROM waiting_entries WHERE erase_at_ms > 0 AND erase_at_ms <= ? ORDER BY erase_at_ms LIMIT ?",
    nowMs,
    ERASED_AT_A_TIME,
  );
  const numbers = JSON.stringify([...due].map(({ number }) => number));
  sql.exec(
    `UPDATE waiting_entries SET erase_at_ms = h.expires_at_ms + ?3 FROM holds h
     WHERE h.id = waiting_entries.hold_id AND h.status IN ('held', 'claimed') AND h.expires_at_ms > ?2
       AND waiting_entries.number IN (SELECT value FROM json_each(?1))`,
    numbers,
    nowMs,
    ADDRESS_KEPT_MS,
  );
  // A guest who never said that he wants to wait has no entry any more.
  sql.exec(
    `UPDATE waiting_entries SET email = NULL, name = NULL, erase_at_ms = NULL, status = iif(status = 'unconfirmed', 'ended', status)
     WHERE number IN (SELECT value FROM json_each(?1)) AND erase_at_ms <= ?2`,
    numbers,
    nowMs,
  );
}
