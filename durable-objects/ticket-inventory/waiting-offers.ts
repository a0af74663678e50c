/** Whose turn it is: offers are holds, placed in the transaction in which stock comes back. Nobody overtakes. */
import type { Holder } from "../../shared/contracts/inventory";
import type { MessageType } from "../../shared/contracts/messages";
import { ADDRESS_KEPT_MS } from "../../shared/contracts/waiting";
import { announce } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import { SOURCE } from "./announcements";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { endHold, findHold, type HoldRecord, insertHold, OFFER_HASH } from "./holds";
import { poolsNow } from "./pools";
import { type Shares, seatsOfShare } from "./public-stock";
import { priceLines, typeOf } from "./sale";
import { hasBest } from "./seat-lines";
import { takeOfferedStock } from "./stock";
import { type EntryRecord, readEntries } from "./waiting-entries";
import { checkLimit, narrowEntry } from "./waiting-joins";
import { countKinds } from "./waiting-seats";
import { type Supply, supplyOf } from "./waiting-supply";
import { isHopeless, keyOfWish, setAside, typesOf, type Wish } from "./waiting-wishes";

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

/** By the wish. */
type Turns = Map<string, Turn>;

const nextOf = (sql: SqlStorage, wish: Wish): EntryRecord | undefined =>
  readEntries(sql, "status = 'waiting' AND wish = ? ORDER BY priority DESC, number LIMIT 1", keyOfWish(wish))[0];

const isBefore = (one: EntryRecord, other: EntryRecord): boolean =>
  one.priority === other.priority ? one.number < other.number : one.priority > other.priority;

export interface LookOptions {
  /** The entry that has come in by this very command, null for none: where there is enough at once its offer is a hold like any other. */
  newcomer: string | null;
  /** Does the work in a savepoint of its own; false when it failed, which is reported. */
  attempt: (work: () => void) => boolean;
}

/**
 * Offers what there is, the higher priority first, then the earlier: each entry the first type of its wish that there is enough of. One
 * that cannot be served gets what there is of its types set aside, from later entries as from the public. One that nothing can come of,
 * or whose person has reached his limits, ends. At most `most` entries move.
 */
export function offerStock(sql: SqlStorage, terms: Terms, nowMs: number, most: number, options: LookOptions): Looked {
  const supply = supplyOf(sql, terms);
  const shares = sharesOf(sql, supply);
  const turns = firstTurns(sql, terms, shares, nowMs);
  let moved = 0;
  for (;;) {
    const turn = firstOf(turns);
    if (turn === null) return { moved, isBehind: false };
    const { wish, types, entry } = turn;
    const allowed = types.filter((id) => checkLimit(sql, terms, entry, id, wish.quantity, nowMs) === null);
    const found = allowed.find((id) => isThere(sql, terms, shares, id, wish.quantity));
    const isLimited = allowed.length < types.length;
    if (found === undefined && !isLimited && types.length > 0) {
      setAside(terms, supply, shares.left, types, wish.quantity);
      turns.delete(keyOfWish(wish));
      continue;
    }
    if (moved === most) return { moved, isBehind: true };
    moved += 1;
    const rest = unlimited(turn, allowed);
    if (found !== undefined) offer(found);
    else if (types.length === 0 || rest.length === 0) endEntry(sql, terms, entry, nowMs);
    else {
      const narrowed = narrowEntry(sql, terms, entry, rest);
      if (allowed.length > 0) findTurn(sql, turns, narrowed, allowed);
    }
    findTurn(sql, turns, wish, types);

    function offer(ticketTypeId: string): void {
      const isNew = entry.entryId === options.newcomer;
      const isPlaced = options.attempt(() => placeOffer(sql, terms, { entry, ticketTypeId, shares, isNew }, nowMs));
      if (!isPlaced) endEntry(sql, terms, entry, nowMs);
      readAgain(sql, shares);
    }
  }
}

/** The wish without the types that he may have no more of. */
const unlimited = ({ wish, types }: Turn, allowed: readonly string[]): string[] =>
  wish.ticketTypeIds.filter((id) => allowed.includes(id) || !types.includes(id));

/** Of what there is nothing of nothing can be set aside either, and it takes no look at those who wait. */
function firstTurns(sql: SqlStorage, terms: Terms, { supply, left }: Shares, nowMs: number): Turns {
  const turns: Turns = new Map();
  const there = new Set([...terms.types.keys()].filter((id) => leastOf(terms, left, id) > 0));
  for (const wish of terms.wishes) {
    const types = typesOf(terms, supply, wish, nowMs);
    const isOver = types.length === 0 && isHopeless(terms, supply, wish, nowMs);
    if (isOver || types.some((id) => there.has(id))) findTurn(sql, turns, wish, types);
  }
  return turns;
}

/** Whose turn is next of those who have this wish, if anybody's. */
function findTurn(sql: SqlStorage, turns: Turns, wish: Wish, types: string[]): void {
  const entry = nextOf(sql, wish);
  if (entry === undefined) turns.delete(keyOfWish(wish));
  else turns.set(keyOfWish(wish), { wish, types, entry });
}

function firstOf(turns: Turns): Turn | null {
  let first: Turn | null = null;
  for (const turn of turns.values()) if (first === null || isBefore(turn.entry, first.entry)) first = turn;
  return first;
}

/** Seats count for nothing where they cannot be had together: a table is sold whole. */
function isThere(sql: SqlStorage, terms: Terms, shares: Shares, ticketTypeId: string, quantity: number): boolean {
  if (leastOf(terms, shares.left, ticketTypeId) < quantity) return false;
  if (typeOf(terms, ticketTypeId).seatCategories.length === 0) return true;
  return hasBest(sql, terms, { ticketTypeId, quantity, bestAvailable: true }, seatsOfShare(sql, shares).lanes);
}

/** What there is by pool. What is due and not ended yet is no stock yet: its end comes back here. */
function allNow(sql: SqlStorage, supply: Supply): Map<string, number> {
  const all = new Map(poolsNow(sql).map(({ id, capacity, sold, held, blocked }) => [id, capacity - sold - held - blocked]));
  countKinds(sql, supply, all);
  return all;
}

function sharesOf(sql: SqlStorage, supply: Supply): Shares {
  const all = allNow(sql, supply);
  return { supply, all, left: new Map(all) };
}

/** After an offer: what it has taken is gone, and what was set aside before stays so. */
function readAgain(sql: SqlStorage, shares: Shares): void {
  const all = allNow(sql, shares.supply);
  for (const [id, some] of all) {
    const taken = (shares.all.get(id) ?? 0) - some;
    shares.left.set(id, Math.max(0, (shares.left.get(id) ?? 0) - taken));
  }
  shares.all = all;
}

interface Offer {
  entry: EntryRecord;
  ticketTypeId: string;
  shares: Shares;
  isNew: boolean;
}

function placeOffer(sql: SqlStorage, terms: Terms, { entry, ticketTypeId, shares, isNew }: Offer, nowMs: number): void {
  const { saleEndMs, seatCategories } = typeOf(terms, ticketTypeId);
  const line = { ticketTypeId, quantity: entry.quantity };
  const lengthMs = isNew ? Math.min(terms.holdMs, terms.offerMs) : terms.offerMs;
  const expiresAtMs = Math.min(nowMs + lengthMs, terms.endMs, saleEndMs ?? terms.endMs);
  const hold: HoldRecord = {
    id: crypto.randomUUID(),
    requestHash: OFFER_HASH,
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
  const taken = takeOfferedStock(sql, terms, hold, [asked], nowMs, seatsOfShare(sql, shares));
  if (!taken.ok) throw new Error(`stock that was there could not be offered: ${taken.error.code}`);
  sql.exec("UPDATE holds SET lines = ? WHERE id = ?", JSON.stringify(taken.value), hold.id);
  sql.exec(
    "UPDATE waiting_entries SET status = 'offered', hold_id = ?, offered_at_ms = ?, erase_at_ms = ? WHERE id = ?",
    hold.id,
    nowMs,
    expiresAtMs + ADDRESS_KEPT_MS,
    entry.entryId,
  );
  announceEntry(sql, terms, "waitlist.offered", entry.entryId, nowMs);
  terms.isStale = true;
}

/** A guest has proved his address before he waits, so that he is no more anonymous than somebody who is signed in. */
const holderOf = ({ userId, personKey }: EntryRecord): Holder => ({ kind: "user", key: userId ?? personKey });

function setEnded(sql: SqlStorage, { entryId }: EntryRecord, nowMs: number): void {
  sql.exec("UPDATE waiting_entries SET status = 'ended', erase_at_ms = ? WHERE id = ?", nowMs + ADDRESS_KEPT_MS, entryId);
}

/** Ends an entry that has no turn any more, and says so. */
function endEntry(sql: SqlStorage, terms: Terms, entry: EntryRecord, nowMs: number): void {
  const { entryId } = entry;
  setEnded(sql, entry, nowMs);
  announceEntry(sql, terms, "waitlist.ended", entryId, nowMs);
  terms.isStale = true;
}

/**
 * Ends the list: the event is over for those who wait, or the list was closed. They are told, and in a cancelled event those whose offer
 * still stood; where it simply came to its end nobody needs a mail.
 */
export function endList(sql: SqlStorage, terms: Terms, nowMs: number, most: number): Looked {
  const isCancelled = terms.state === "cancelled";
  // The organizer has closed the list, or called the event off.
  const isTold = isCancelled || (terms.state === "open" && nowMs < terms.endMs);
  const waiting = readEntries(sql, "status = 'waiting' ORDER BY number LIMIT ?", most);
  for (const entry of waiting) {
    if (isTold) endEntry(sql, terms, entry, nowMs);
    else setEnded(sql, entry, nowMs);
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
