/**
 * Nobody empties an event for nothing (rule 11).
 *
 * An address may hold or own `maxPerAddress` tickets at a time. A person (a user or an order's buyer) has no limit on tickets bought,
 * because API.md knows none by default; what is limited is stock that is held and not paid, whether an order has claimed it or not: so
 * many times a type's `maxPerOrder`. And all who are not signed in may hold a share of a pool together. Each is null for no cap.
 */
import type { Holder, HoldRefusal } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { demandOf, type Quantity } from "./pools";
import { typeOf } from "./sale";

/** A buyer of an order is whom the order says he is, which nobody has checked. */
export const isAnonymous = (holder: Holder): boolean => holder.kind !== "user";

/** `exceptHoldId`: a hold being changed does not stand against itself; its stock must have been given back. */
export function checkHolder(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Quantity[],
  nowMs: number,
  exceptHoldId = "",
): HoldRefusal | null {
  const own =
    holder.kind === "address"
      ? checkAddress(sql, terms, holder, lines, nowMs, exceptHoldId)
      : checkPerson(sql, terms, holder, lines, nowMs, exceptHoldId);
  return own ?? (isAnonymous(holder) ? checkShare(sql, terms, lines) : null);
}

function checkAddress(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Quantity[],
  nowMs: number,
  exceptHoldId: string,
): HoldRefusal | null {
  if (terms.maxPerAddress === null) return null;
  // The index holds live and confirmed holds only, so that what is read is bounded by the cap itself.
  const { tickets } = sql
    .exec<{ tickets: number }>(
      `SELECT COALESCE(SUM(CASE h.status
         WHEN 'confirmed' THEN (SELECT COUNT(*) FROM tickets t WHERE t.order_id = h.order_id AND t.status <> 'void')
         ELSE (SELECT SUM(l.value ->> 'quantity') FROM json_each(h.lines) l) END), 0) AS tickets
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
  lines: readonly Quantity[],
  nowMs: number,
  exceptHoldId: string,
): HoldRefusal | null {
  if (terms.unpaidOrdersPerPerson === null) return null;
  const rows = sql.exec<{ ticket_type_id: string; quantity: number }>(
    `SELECT l.value ->> 'ticketTypeId' AS ticket_type_id, SUM(l.value ->> 'quantity') AS quantity
     FROM holds h JOIN json_each(h.lines) l
     WHERE h.status IN ('held', 'claimed', 'confirmed') AND h.status <> 'confirmed' AND h.holder_kind = ? AND h.holder_key = ?
       AND h.expires_at_ms > ? AND h.id <> ?
     GROUP BY 1`,
    holder.kind,
    holder.key,
    nowMs,
    exceptHoldId,
  );
  const held = new Map([...rows].map((row) => [row.ticket_type_id, row.quantity]));
  for (const { ticketTypeId, quantity } of lines) {
    const { name, maxPerOrder } = typeOf(terms, ticketTypeId);
    const most = terms.unpaidOrdersPerPerson * maxPerOrder;
    if ((held.get(ticketTypeId) ?? 0) + quantity > most)
      return { code: "holder_limit", detail: `One person may hold ${most} of “${name}” that are not paid.` };
  }
  return null;
}

/**
 * Counts a due hold until it is ended: the caller ends some and asks again, as for stock. What a hold that is being changed had is given
 * back by now.
 */
function checkShare(sql: SqlStorage, terms: Terms, lines: readonly Quantity[]): HoldRefusal | null {
  if (terms.anonymousShare === null) return null;
  const more = [...demandOf(terms.draws, lines)].map(([poolId, { quantity }]) => ({ poolId, quantity }));
  const full = sql.exec(
    `SELECT 1 FROM json_each(?1) more JOIN pools p ON p.id = more.value ->> 'poolId'
     WHERE p.held_anonymously + (more.value ->> 'quantity') > MAX(?2 * p.capacity, ?3) LIMIT 1`,
    JSON.stringify(more),
    terms.anonymousShare,
    // A share of a small room is less than one order, which must find its place.
    terms.maxPerAddress ?? 0,
  );
  if (full.toArray().length === 0) return null;
  return {
    code: "holder_limit",
    detail: "Guests hold as many tickets as they may before some are paid; who signs in may go on.",
  };
}
