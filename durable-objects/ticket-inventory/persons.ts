/**
 * How many tickets one person may have over all of his orders: those that are claimed and live, and those that are confirmed, without
 * void tickets. A person is a mail address, and once more a means of payment; the object knows HMACs of both and no more.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Terms } from "./event";
import type { Stake } from "./stock";

/** By which column of a hold its tickets are counted. Each has an index of its own, so that only this person's holds are read. */
export type PersonColumn = "person_key" | "fingerprint_key";

export interface Person {
  column: PersonColumn;
  key: string | null;
  /**
   * He has proved that the address is his. Then what others have ordered by naming it counts only once they have paid for it, or anybody
   * could use up his tickets with orders that nobody pays.
   */
  isVerified?: boolean;
}

/** Null when the person may have the hold's tickets beside those of his other orders. Nobody named, or no limit, costs nothing. */
export function checkPersonLimit(
  sql: SqlStorage,
  terms: Terms,
  person: Person,
  hold: Stake,
  nowMs: number,
): Refusal<"person_limit"> | null {
  const { column, key, isVerified = false } = person;
  if (key === null || !hasLimit(terms, hold)) return null;
  const had = ticketsOfPerson(sql, { column, key, isVerified }, hold.id, nowMs);
  for (const { ticketTypeId, quantity } of hold.lines) {
    const type = terms.types.get(ticketTypeId);
    const most = type?.maxPerPerson ?? null;
    if (type !== undefined && most !== null && (had.get(ticketTypeId) ?? 0) + quantity > most)
      return { code: "person_limit", detail: `One person may have ${most} of “${type.name}”.` };
  }
  const all = sumOf(had.values()) + sumOf(hold.lines.map(({ quantity }) => quantity));
  return terms.maxPerPerson !== null && all > terms.maxPerPerson
    ? { code: "person_limit", detail: `One person may have ${terms.maxPerPerson} tickets.` }
    : null;
}

const hasLimit = (terms: Terms, { lines }: Stake): boolean =>
  terms.maxPerPerson !== null || lines.some(({ ticketTypeId }) => (terms.types.get(ticketTypeId)?.maxPerPerson ?? null) !== null);

const sumOf = (quantities: Iterable<number>): number => [...quantities].reduce((sum, quantity) => sum + quantity, 0);

/** Tickets by type, of all orders but one. */
function ticketsOfPerson(
  sql: SqlStorage,
  { column, key, isVerified }: Required<Person>,
  exceptHoldId: string,
  nowMs: number,
): Map<string, number> {
  // The statuses are said as the indices say them, or SQLite would not see that it may use them.
  const status = column === "person_key" ? "h.status IN ('claimed', 'confirmed')" : "h.status = 'confirmed'";
  const rows = sql.exec<{ ticket_type_id: string; quantity: number }>(
    `SELECT ticket_type_id, SUM(quantity) AS quantity FROM (
       SELECT l.value ->> 'ticketTypeId' AS ticket_type_id, l.value ->> 'quantity' AS quantity
       FROM holds h JOIN json_each(h.lines) l
       WHERE h.${column} = ?1 AND ${status} AND h.status = 'claimed' AND h.expires_at_ms > ?2 AND h.id <> ?3
         AND (?4 = 0 OR h.person_verified = 1)
       UNION ALL
       SELECT t.ticket_type_id, 1 FROM holds h JOIN tickets t ON t.order_id = h.order_id
       WHERE h.${column} = ?1 AND ${status} AND h.status = 'confirmed' AND t.status <> 'void' AND h.id <> ?3
         AND (?4 = 0 OR h.person_verified = 1
           OR EXISTS (SELECT 1 FROM json_each(h.lines) l WHERE l.value ->> 'unitPriceMinor' > 0))
     ) GROUP BY 1`,
    key,
    nowMs,
    exceptHoldId,
    isVerified ? 1 : 0,
  );
  return new Map([...rows].map((row) => [row.ticket_type_id, row.quantity]));
}
