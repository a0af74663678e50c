/** Whose turn it is: offers are holds, placed in the transaction in which stock comes back. Nobody overtakes. */
import type { Holder } from "../../shared/contracts/inventory";
import type { MessageType } from "../../shared/contracts/messages";
import { announce } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import { SOURCE } from "./announcements";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { endHold, findHold, type HoldRecord, insertHold } from "./holds";
import { demandOf, poolsNow } from "./pools";
import { priceLines, typeOf } from "./sale";
import { hasBest } from "./seat-lines";
import { takeOfferedStock } from "./stock";
import { checkLimit, type EntryRecord, readEntries } from "./waiting-entries";
import { keyOfWish, setAside, typesOf, type Wish } from "./waiting-wishes";

type WaitingNews = Extract<MessageType, `waitlist.${string}`>;

/** An entry's news in the order of what can become of it, so that a later one has the higher version. */
const VERSIONS: Record<WaitingNews, number> = { "waitlist.joined": 1, "waitlist.offered": 2, "waitlist.ended": 3 };

/** In the transaction of the change; the object's alarm sends it. */
export function announceEntry(sql: SqlStorage, terms: Terms, type: WaitingNews, entryId: string, nowMs: number): void {
  const { eventId, organizerId } = terms;
  const subject = `${eventId}/waitlist/${entryId}`;
  announce(sql, envelope(SOURCE, { type, subject, version: VERSIONS[type], data: { entryId, eventId, organizerId }, nowMs }));
}

/** What one look came to: `moved` entries were offered something or ended, and there are more whose turn it is. */
export interface Looked {
  moved: number;
  isBehind: boolean;
}

/** The first of those who have one wish. */
interface Turn {
  wish: Wish;
  types: string[];
  entry: EntryRecord;
}

const nextOf = (sql: SqlStorage, wish: Wish): EntryRecord | undefined =>
  readEntries(sql, "status = 'waiting' AND wish = ? ORDER BY priority DESC, number LIMIT 1", keyOfWish(wish))[0];

const isBefore = (one: EntryRecord, other: EntryRecord): boolean =>
  one.priority === other.priority ? one.number < other.number : one.priority > other.priority;

/**
 * Offers what there is, the higher priority first, then the earlier: each entry the first type of its wish that there is enough of. One
 * that cannot be served gets what there is of its types set aside, from later entries as from the public. At most `most` entries move.
 */
export function offerStock(sql: SqlStorage, terms: Terms, nowMs: number, most: number): Looked {
  // What is due and not ended yet is no stock yet: its end comes back here.
  const left = new Map(poolsNow(sql).map(({ id, capacity, sold, held, blocked }) => [id, capacity - sold - held - blocked]));
  const turns = new Set<Turn>();
  const there = new Set([...terms.types.keys()].filter((id) => leastOf(terms, left, id) > 0));
  for (const wish of terms.wishes) {
    // Of what there is nothing of nothing can be set aside either, and it takes no look at those who wait.
    if (!wish.ticketTypeIds.some((id) => there.has(id))) continue;
    const types = typesOf(terms, wish, nowMs);
    if (!types.some((id) => there.has(id))) continue;
    const entry = nextOf(sql, wish);
    if (entry !== undefined) turns.add({ wish, types, entry });
  }
  let moved = 0;
  for (;;) {
    const turn = firstOf(turns);
    if (turn === null) return { moved, isBehind: false };
    const { wish, types, entry } = turn;
    const allowed = types.filter((id) => checkLimit(sql, terms, entry, id, wish.quantity, nowMs) === null);
    const found = allowed.find((id) => isThere(sql, terms, left, id, wish.quantity));
    if (found === undefined && allowed.length > 0) {
      setAside(terms, left, allowed);
      turns.delete(turn);
      continue;
    }
    if (moved === most) return { moved, isBehind: true };
    if (found === undefined) endEntry(sql, terms, entry, nowMs);
    else {
      placeOffer(sql, terms, entry, found, nowMs);
      const taken = demandOf(terms.draws, [{ ticketTypeId: found, quantity: wish.quantity }]);
      for (const [poolId, { quantity, reserved }] of taken) left.set(poolId, (left.get(poolId) ?? 0) - quantity + reserved);
      if (typeOf(terms, found).seatCategories.length > 0) readSeatPools(sql, left);
    }
    moved += 1;
    const next = nextOf(sql, wish);
    if (next === undefined) turns.delete(turn);
    else turn.entry = next;
  }
}

function firstOf(turns: ReadonlySet<Turn>): Turn | null {
  let first: Turn | null = null;
  for (const turn of turns) if (first === null || isBefore(turn.entry, first.entry)) first = turn;
  return first;
}

/** Seats count for nothing where they cannot be had together: a table is sold whole. */
function isThere(sql: SqlStorage, terms: Terms, left: Map<string, number>, ticketTypeId: string, quantity: number): boolean {
  if (leastOf(terms, left, ticketTypeId) < quantity) return false;
  if (typeOf(terms, ticketTypeId).seatCategories.length === 0) return true;
  return hasBest(sql, terms, { ticketTypeId, quantity, bestAvailable: true });
}

/** An offer of seats has taken them of one category or another. What was set aside of them before stays so. */
function readSeatPools(sql: SqlStorage, left: Map<string, number>): void {
  for (const { id, capacity, sold, held, blocked } of poolsNow(sql))
    if (id.startsWith("seats:")) left.set(id, Math.min(left.get(id) ?? 0, capacity - sold - held - blocked));
}

function placeOffer(sql: SqlStorage, terms: Terms, entry: EntryRecord, ticketTypeId: string, nowMs: number): void {
  const { saleEndMs, seatCategories } = typeOf(terms, ticketTypeId);
  const line = { ticketTypeId, quantity: entry.quantity };
  const expiresAtMs = Math.min(nowMs + terms.offerMs, terms.endMs, saleEndMs ?? terms.endMs);
  const hold: HoldRecord = {
    id: crypto.randomUUID(),
    requestHash: "offer",
    holder: holderOf(entry),
    status: "held",
    orderId: null,
    configVersion: terms.version,
    expiresAtMs,
    // An offer ends when it says so.
    capMs: expiresAtMs,
    reacquired: 0,
    lines: priceLines(terms, [line], []),
    refused: [],
    repriced: [],
    personKey: null,
    isPersonVerified: false,
  };
  if (!insertHold(sql, hold, nowMs)) throw new Error("an offer's id is taken");
  const asked = seatCategories.length > 0 ? { ...line, bestAvailable: true as const } : line;
  const taken = takeOfferedStock(sql, terms, hold, [asked], nowMs);
  if (!taken.ok) throw new Error(`stock that was there could not be offered: ${taken.error.code}`);
  sql.exec("UPDATE holds SET lines = ? WHERE id = ?", JSON.stringify(taken.value), hold.id);
  sql.exec(
    "UPDATE waiting_entries SET status = 'offered', hold_id = ?, offered_at_ms = ? WHERE id = ?",
    hold.id,
    nowMs,
    entry.entryId,
  );
  announceEntry(sql, terms, "waitlist.offered", entry.entryId, nowMs);
  terms.isStale = true;
}

const holderOf = ({ userId, personKey }: EntryRecord): Holder =>
  userId === null ? { kind: "buyer", key: personKey } : { kind: "user", key: userId };

/** Ends an entry that has no turn any more, and says so. */
function endEntry(sql: SqlStorage, terms: Terms, { entryId }: EntryRecord, nowMs: number): void {
  sql.exec("UPDATE waiting_entries SET status = 'ended' WHERE id = ?", entryId);
  announceEntry(sql, terms, "waitlist.ended", entryId, nowMs);
  terms.isStale = true;
}

/**
 * The event is over for those who wait. When it was cancelled they are told, and so are those whose offer still stood; where it simply
 * came to its end nobody needs a mail.
 */
export function endList(sql: SqlStorage, terms: Terms, nowMs: number, most: number): Looked {
  const isCancelled = terms.state === "cancelled";
  const waiting = readEntries(sql, "status = 'waiting' ORDER BY number LIMIT ?", most);
  for (const entry of waiting) {
    if (isCancelled) endEntry(sql, terms, entry, nowMs);
    else sql.exec("UPDATE waiting_entries SET status = 'ended' WHERE id = ?", entry.entryId);
  }
  if (waiting.length > 0) terms.isStale = true;
  const offered = isCancelled ? openOffers(sql, most - waiting.length) : [];
  for (const entry of offered) {
    const hold = findHold(sql, entry.holdId ?? "");
    if (hold !== null) endHold(sql, terms, hold, "released");
    endEntry(sql, terms, entry, nowMs);
  }
  const moved = waiting.length + offered.length;
  return { moved, isBehind: moved === most };
}

/** Offers that nobody has ordered from: found by the holds that live, which are no more than there are tickets. */
const openOffers = (sql: SqlStorage, most: number): EntryRecord[] =>
  readEntries(
    sql,
    `status = 'offered' AND hold_id IN (SELECT id FROM holds WHERE status IN ('held', 'claimed') AND order_id IS NULL)
     ORDER BY number LIMIT ?`,
    most,
  );
