/**
 * Nobody empties an event for nothing (rule 11).
 *
 * An address may hold or own `maxPerAddress` tickets at a time (null: no cap). A person (a user or an order's buyer) has no limit on
 * tickets, because API.md knows none by default; what is limited is stock held for nothing: in live holds that no order has claimed, at
 * most twice a type's `maxPerOrder`. Twice, so that a second try beside a forgotten tab still finds its tickets.
 */
import type { Holder, HoldRefusal, Line } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { typeOf } from "./sale";

const UNCLAIMED_ORDERS_PER_PERSON = 2;

/** `exceptHoldId`: a hold being changed does not stand against itself. */
export function checkHolder(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Line[],
  nowMs: number,
  exceptHoldId = "",
): HoldRefusal | null {
  return holder.kind === "address"
    ? checkAddress(sql, terms, holder, lines, nowMs, exceptHoldId)
    : checkPerson(sql, terms, holder, lines, nowMs, exceptHoldId);
}

function checkAddress(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Line[],
  nowMs: number,
  exceptHoldId: string,
): HoldRefusal | null {
  if (terms.maxPerAddress === null) return null;
  // The index holds live and confirmed holds only, so that what is read is bounded by the cap itself.
  const { tickets } = sql
    .exec<{ tickets: number }>(
      `SELECT COALESCE(SUM(CASE h.status
         WHEN 'confirmed' THEN (SELECT COUNT(*) FROM tickets t WHERE t.order_id = h.order_id AND t.status <> 'void')
         ELSE (SELECT SUM(l.quantity) FROM hold_lines l WHERE l.hold_number = h.number) END), 0) AS tickets
       FROM holds h
       WHERE h.status IN ('held', 'claimed', 'confirmed') AND h.holder_kind = ?1 AND h.holder_key = ?2
         AND (h.status = 'confirmed' OR h.expires_at_ms > ?3) AND h.id <> ?4`,
      holder.kind,
      holder.key,
      nowMs,
      exceptHoldId,
    )
    .one();
  const asked = lines.reduce((sum, line) => sum + line.quantity, 0);
  return tickets + asked > terms.maxPerAddress
    ? { code: "holder_limit", detail: `One network address may have ${terms.maxPerAddress} tickets.` }
    : null;
}

function checkPerson(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Line[],
  nowMs: number,
  exceptHoldId: string,
): HoldRefusal | null {
  const rows = sql.exec<{ ticket_type_id: string; quantity: number }>(
    `SELECT l.ticket_type_id, SUM(l.quantity) AS quantity
     FROM holds h JOIN hold_lines l ON l.hold_number = h.number
     WHERE h.status IN ('held', 'claimed', 'confirmed') AND h.status = 'held' AND h.holder_kind = ? AND h.holder_key = ?
       AND h.expires_at_ms > ? AND h.id <> ?
     GROUP BY l.ticket_type_id`,
    holder.kind,
    holder.key,
    nowMs,
    exceptHoldId,
  );
  const held = new Map([...rows].map((row) => [row.ticket_type_id, row.quantity]));
  for (const { ticketTypeId, quantity } of lines) {
    const { name, maxPerOrder } = typeOf(terms, ticketTypeId);
    const most = UNCLAIMED_ORDERS_PER_PERSON * maxPerOrder;
    if ((held.get(ticketTypeId) ?? 0) + quantity > most)
      return { code: "holder_limit", detail: `One person may hold ${most} of “${name}” without an order.` };
  }
  return null;
}
