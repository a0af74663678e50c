/**
 * Nobody empties an event for nothing (rule 11).
 *
 * An address may hold or own `maxPerAddress` tickets at a time. A person (a user or an order's buyer) has no limit on tickets bought,
 * because API.md knows none by default; what is limited is stock that is held and not paid, whether an order has claimed it or not: so
 * many times a type's `maxPerOrder`. And all who are not signed in may hold a share of a pool together. Each is null for no cap.
 */
import type { Holder, HoldRefusal } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { chunksOf, demandOf, groupsOf, marksOf, type Quantity } from "./pools";
import { typeOf } from "./sale";

/** A buyer of an order is whom the order says he is, which nobody has checked. */
export const isAnonymous = (holder: Holder): boolean => holder.kind !== "user";

/** The lines of a hold's row, as far as they are counted. */
const quantitiesOf = (lines: string): Quantity[] => JSON.parse(lines) as Quantity[];

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
  const holds = sql.exec<{ lines: string; bought: number | null }>(
    `SELECT h.lines, iif(h.status = 'confirmed',
       (SELECT COUNT(*) FROM tickets t WHERE t.order_id = h.order_id AND t.status <> 'void'), NULL) AS bought
     FROM holds h
     WHERE h.status IN ('held', 'claimed', 'confirmed') AND h.holder_kind = ?1 AND h.holder_key = ?2
       AND (h.status = 'confirmed' OR h.expires_at_ms > ?3) AND h.id <> ?4`,
    holder.kind,
    holder.key,
    nowMs,
    exceptHoldId,
  );
  let tickets = 0;
  for (const { lines: held, bought } of holds)
    tickets += bought ?? quantitiesOf(held).reduce((sum, { quantity }) => sum + quantity, 0);
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
  // Most people hold nothing else, and pay for one seek that finds nothing.
  const holds = sql.exec<{ lines: string }>(
    `SELECT h.lines FROM holds h
     WHERE h.status IN ('held', 'claimed', 'confirmed') AND h.status <> 'confirmed' AND h.holder_kind = ? AND h.holder_key = ?
       AND h.expires_at_ms > ? AND h.id <> ?`,
    holder.kind,
    holder.key,
    nowMs,
    exceptHoldId,
  );
  const held = new Map<string, number>();
  for (const hold of holds)
    for (const { ticketTypeId, quantity } of quantitiesOf(hold.lines))
      held.set(ticketTypeId, (held.get(ticketTypeId) ?? 0) + quantity);
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
  const { anonymousShare, maxPerAddress } = terms;
  const isFull = groupsOf(demandOf(terms.draws, lines)).some(({ quantity, poolIds }) =>
    chunksOf(poolIds).some((some) => {
      const full = sql.exec(
        `SELECT 1 FROM pools WHERE held_anonymously + ? > MAX(? * capacity, ?) AND id IN (${marksOf(some)}) LIMIT 1`,
        quantity,
        anonymousShare,
        // A share of a small room is less than one order, which must find its place.
        maxPerAddress ?? 0,
        ...some,
      );
      return full.toArray().length > 0;
    }),
  );
  if (!isFull) return null;
  return {
    code: "holder_limit",
    detail: "Guests hold as many tickets as they may before some are paid; who signs in may go on.",
  };
}
