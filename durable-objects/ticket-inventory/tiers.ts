/** A tier opens by itself when the type before it has nothing left, and stays open whatever comes back (the event's plan of prices). */
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import { availableNow } from "./available";
import type { Terms } from "./event";

/** To be called by whatever takes stock, in its transaction. An event without closed tiers pays nothing for it. */
export function openTiers(sql: SqlStorage, terms: Terms, nowMs: number): void {
  const closed = [...terms.types.values()].filter(
    ({ id, opensAfterTicketTypeId }) => opensAfterTicketTypeId !== null && !terms.openedTiers.has(id),
  );
  const mayOpen = closed.filter(({ opensAfterTicketTypeId }) => hasFullPool(sql, terms, opensAfterTicketTypeId));
  if (mayOpen.length === 0) return;
  const available = availableNow(sql, terms, nowMs);
  for (const { id, opensAfterTicketTypeId } of mayOpen) {
    if (opensAfterTicketTypeId === null || available.get(opensAfterTicketTypeId) !== 0) continue;
    sql.exec("UPDATE ticket_types SET opened_at_ms = ? WHERE id = ? AND opened_at_ms IS NULL", nowMs, id);
    terms.isStale = true;
  }
}

/** Cheaper than what is left exactly, which is asked only when this is so. */
function hasFullPool(sql: SqlStorage, terms: Terms, ticketTypeId: string | null): boolean {
  if (ticketTypeId === null) return false;
  const drawn = (terms.draws.get(ticketTypeId) ?? []).filter(({ isReserved }) => !isReserved).map(({ poolId }) => poolId);
  const poolIds = [...drawn, ...(terms.types.get(ticketTypeId)?.seatCategories ?? []).map(poolOfSeatCategory)];
  const full = sql.exec(
    "SELECT 1 FROM json_each(?) drawn JOIN pools p ON p.id = drawn.value WHERE p.sold + p.held + p.blocked >= p.capacity LIMIT 1",
    JSON.stringify(poolIds),
  );
  return full.toArray().length > 0;
}
