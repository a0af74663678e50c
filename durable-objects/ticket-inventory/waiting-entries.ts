/** Entries of the waiting list. What became of an offer is read from its hold, so that the two cannot say different things. */
import type { HeldLine, HeldStock } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";
import {
  MAX_UNCONFIRMED,
  MAX_WAITING_ENTRIES,
  MAX_WAITING_PAGE,
  MAX_WISHES,
  type WaitingEntry,
  type WaitingQuestion,
  type WaitingRequest,
  type WaitingState,
} from "../../shared/contracts/waiting";
import type { Terms } from "./event";
import { endHold, findHold, type HoldRecord, isLive, tellHold } from "./holds";
import { checkPersonLimit } from "./persons";
import { checkEvent, priceLines, saleWindow, typeOf } from "./sale";
import { couldServe, supplyOf } from "./waiting-supply";
import { keyOfWish, type Wish, wishOfKey } from "./waiting-wishes";

export interface EntryRecord extends Omit<WaitingEntry, "state" | "offer" | "eventId" | "organizerId"> {
  personKey: string;
  status: "unconfirmed" | "waiting" | "offered" | "removed" | "ended";
  holdId: string | null;
  acceptedAtMs: number | null;
}

type EntryRow = {
  number: number;
  id: string;
  person_key: string;
  user_id: string | null;
  email: string | null;
  name: string | null;
  language: string;
  wish: string;
  priority: number;
  status: EntryRecord["status"];
  joined_at_ms: number;
  hold_id: string | null;
  offered_at_ms: number | null;
  accepted_at_ms: number | null;
};

export const readEntries = (sql: SqlStorage, where: string, ...values: (string | number)[]): EntryRecord[] =>
  sql
    .exec<EntryRow>(`SELECT * FROM waiting_entries WHERE ${where}`, ...values)
    .toArray()
    .map(toEntry);

const toEntry = (row: EntryRow): EntryRecord => ({
  entryId: row.id,
  number: row.number,
  personKey: row.person_key,
  userId: row.user_id,
  email: row.email,
  name: row.name,
  language: row.language,
  ...wishOfKey(row.wish),
  priority: row.priority,
  status: row.status,
  joinedAtMs: row.joined_at_ms,
  holdId: row.hold_id,
  offeredAtMs: row.offered_at_ms,
  acceptedAtMs: row.accepted_at_ms,
});

const findEntry = (sql: SqlStorage, entryId: string): EntryRecord | null => readEntries(sql, "id = ?", entryId)[0] ?? null;

/** The hold that was placed for the entry, null before. */
const holdOf = (sql: SqlStorage, { holdId }: EntryRecord): HoldRecord | null => (holdId === null ? null : findHold(sql, holdId));

function stateOf({ status, acceptedAtMs }: EntryRecord, hold: HoldRecord | null, nowMs: number): WaitingState {
  if (status !== "offered" || hold === null) return status;
  if (hold.status === "confirmed") return "ordered";
  if (!isLive(hold, nowMs)) return hold.status === "released" ? "declined" : "expired";
  return hold.orderId === null && acceptedAtMs === null ? "offered" : "accepted";
}

export function tellEntry(sql: SqlStorage, terms: Terms, entry: EntryRecord, nowMs: number): WaitingEntry {
  const { personKey: _key, status: _status, holdId: _hold, acceptedAtMs: _accepted, ...told } = entry;
  const hold = holdOf(sql, entry);
  return {
    ...told,
    eventId: terms.eventId,
    organizerId: terms.organizerId,
    state: stateOf(entry, hold, nowMs),
    offer: hold === null ? null : tellHold(terms, hold),
  };
}

/** Entries of one person that are looked at when he joins once more. */
const MAX_OWN = 20;

type NotFound = Refusal<"waitlist_entry_not_found">;
const NOT_FOUND: NotFound = { code: "waitlist_entry_not_found" };

export function readEntry(sql: SqlStorage, terms: Terms, entryId: string, nowMs: number): Result<WaitingEntry, NotFound> {
  const entry = findEntry(sql, entryId);
  return entry === null ? refuse(NOT_FOUND) : ok(tellEntry(sql, terms, entry, nowMs));
}

export function listEntries(sql: SqlStorage, terms: Terms, question: WaitingQuestion, nowMs: number): WaitingEntry[] {
  const { userId, after } = question;
  const limit = Math.min(question.limit, MAX_WAITING_PAGE);
  const entries =
    userId === null
      ? readEntries(sql, "number > ? ORDER BY number LIMIT ?", after, limit)
      : readEntries(sql, "user_id = ? AND number > ? ORDER BY number LIMIT ?", userId, after, limit);
  return entries.map((entry) => tellEntry(sql, terms, entry, nowMs));
}

type JoinRefusal = Refusal<
  | "event_not_found"
  | "waitlist_closed"
  | "waitlist_full"
  | "already_waiting"
  | "event_not_on_sale"
  | "ticket_type_not_found"
  | "ticket_type_not_on_sale"
  | "quantity_out_of_range"
  | "person_limit"
>;

/** Puts somebody onto the list; whoever calls it looks at once whether it is his turn. */
export function join(sql: SqlStorage, terms: Terms, request: WaitingRequest, nowMs: number): Result<null, JoinRefusal> {
  const refusal =
    checkList(terms, request.insider, nowMs) ?? checkWish(sql, terms, request, nowMs) ?? checkRoom(sql, terms, request);
  if (refusal !== null) return refuse(refusal);
  const may = request.isConfirmed ? checkPerson(sql, terms, request, nowMs) : checkUnconfirmed(sql, request);
  if (!may.ok) return may;
  sql.exec(
    `INSERT INTO waiting_entries (id, person_key, user_id, email, name, language, wish, priority, status, joined_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    request.entryId,
    request.personKey,
    request.userId,
    request.email,
    request.name,
    request.language,
    keyOfWish({ quantity: request.quantity, ticketTypeIds: may.value }),
    request.priority,
    request.isConfirmed ? "waiting" : "unconfirmed",
    nowMs,
  );
  terms.isStale = true;
  return ok(null);
}

/** He has read the mail to his address, and waits from now on, behind those who wait already. True where he did not before. */
export function confirm(
  sql: SqlStorage,
  terms: Terms,
  entryId: string,
  nowMs: number,
): Result<boolean, NotFound | Refusal<"waitlist_closed" | "event_not_on_sale" | "already_waiting">> {
  const entry = findEntry(sql, entryId);
  if (entry === null) return refuse(NOT_FOUND);
  if (entry.status !== "unconfirmed") return ok(false);
  const refusal = terms.allowWaitlist ? checkEvent(terms, nowMs) : ({ code: "waitlist_closed" } as const);
  if (refusal !== null) return refuse(refusal);
  if (stands(sql, entry.personKey, nowMs)) return refuse({ code: "already_waiting" });
  sql.exec(
    `UPDATE waiting_entries SET status = 'waiting', joined_at_ms = ?, number = (SELECT MAX(number) + 1 FROM waiting_entries)
     WHERE id = ?`,
    nowMs,
    entryId,
  );
  terms.isStale = true;
  return ok(true);
}

function checkList(terms: Terms, insider: boolean, nowMs: number): JoinRefusal | null {
  if (!terms.isPublic && !insider) return { code: "event_not_found" };
  return terms.allowWaitlist ? checkEvent(terms, nowMs) : { code: "waitlist_closed" };
}

function checkWish(
  sql: SqlStorage,
  terms: Terms,
  { ticketTypeIds, quantity }: WaitingRequest,
  nowMs: number,
): JoinRefusal | null {
  for (const id of ticketTypeIds) {
    const type = terms.types.get(id);
    if (type === undefined) return { code: "ticket_type_not_found", detail: `The event has no ticket type ${id}.` };
    const most = type.seatCategories.length > 0 ? Math.min(type.maxPerOrder, MAX_SEATS_TOGETHER) : type.maxPerOrder;
    if (!Number.isInteger(quantity) || quantity < type.minPerOrder || quantity > most)
      return { code: "quantity_out_of_range", detail: `One order may have ${type.minPerOrder} to ${most} of “${type.name}”.` };
    if (saleWindow(terms, type, nowMs) === "ended")
      return { code: "ticket_type_not_on_sale", detail: `“${type.name}” is no longer on sale.` };
  }
  const supply = supplyOf(sql, terms);
  return ticketTypeIds.some((id) => couldServe(terms, supply, typeOf(terms, id), quantity))
    ? null
    : { code: "quantity_out_of_range", detail: `There can never be ${quantity} together.` };
}

function checkRoom(sql: SqlStorage, terms: Terms, request: WaitingRequest): JoinRefusal | null {
  if (isFull(sql)) return { code: "waitlist_full" };
  const key = keyOfWish(request);
  return terms.wishes.length >= MAX_WISHES && !terms.wishes.some((wish) => keyOfWish(wish) === key)
    ? { code: "waitlist_full", detail: "The list knows as many different wishes as it may; ask for fewer or other types." }
    : null;
}

/** One entry a person. Of the types that he waits for there remain those that he may have so many of beside his orders. */
function checkPerson(sql: SqlStorage, terms: Terms, request: WaitingRequest, nowMs: number): Result<string[], JoinRefusal> {
  if (stands(sql, request.personKey, nowMs)) return refuse({ code: "already_waiting" });
  const { quantity, ticketTypeIds } = request;
  const limits = ticketTypeIds.map((id) => checkLimit(sql, terms, request, id, quantity, nowMs));
  const allowed = ticketTypeIds.filter((_, index) => limits[index] === null);
  const [limit] = limits.filter((refusal) => refusal !== null);
  return allowed.length === 0 && limit !== undefined ? refuse(limit) : ok(allowed);
}

/** Who waits, or has an offer or an order of it that is not paid yet. */
const stands = (sql: SqlStorage, personKey: string, nowMs: number): boolean =>
  readEntries(sql, "person_key = ? AND status IN ('waiting', 'offered') ORDER BY number DESC LIMIT ?", personKey, MAX_OWN).some(
    (entry) => ["waiting", "offered", "accepted"].includes(stateOf(entry, holdOf(sql, entry), nowMs)),
  );

/** A guest's address is told nothing of what stands in its way, and is written to a few times at most. */
function checkUnconfirmed(sql: SqlStorage, { personKey, ticketTypeIds }: WaitingRequest): Result<string[], JoinRefusal> {
  const open = readEntries(sql, "person_key = ? AND status IN ('unconfirmed', 'waiting') LIMIT ?", personKey, MAX_UNCONFIRMED);
  const isOver = open.length >= MAX_UNCONFIRMED || open.some(({ status }) => status === "waiting");
  return isOver ? refuse({ code: "already_waiting" }) : ok(ticketTypeIds);
}

/** Of an entry whose person has reached his limit of other types since: it waits for these alone from now on. */
export function narrowEntry(sql: SqlStorage, terms: Terms, { entryId, quantity }: EntryRecord, ticketTypeIds: string[]): Wish {
  const wish = { quantity, ticketTypeIds };
  sql.exec("UPDATE waiting_entries SET wish = ? WHERE id = ?", keyOfWish(wish), entryId);
  terms.isStale = true;
  return wish;
}

const isFull = (sql: SqlStorage): boolean =>
  sql.exec("SELECT 1 FROM waiting_entries WHERE number >= ? LIMIT 1", MAX_WAITING_ENTRIES).toArray().length > 0;

/** Null when the person may have so many of the type beside those of his orders. */
export function checkLimit(
  sql: SqlStorage,
  terms: Terms,
  { personKey: key, userId }: Pick<EntryRecord, "personKey" | "userId">,
  ticketTypeId: string,
  quantity: number,
  nowMs: number,
): Refusal<"person_limit"> | null {
  typeOf(terms, ticketTypeId);
  const lines: HeldLine[] = priceLines(terms, [{ ticketTypeId, quantity }], []);
  const stake = { id: "", holder: { kind: "buyer" as const, key }, lines };
  // Somebody signed in waits with the address that he has proved.
  return checkPersonLimit(sql, terms, { column: "person_key", key, isVerified: userId !== null }, stake, nowMs);
}

/** Takes somebody off the list, and what there is of his address with him. */
export function leave(
  sql: SqlStorage,
  terms: Terms,
  entryId: string,
  nowMs: number,
): Result<null, NotFound | Refusal<"hold_in_use">> {
  const entry = findEntry(sql, entryId);
  if (entry === null) return refuse(NOT_FOUND);
  const hold = holdOf(sql, entry);
  const state = stateOf(entry, hold, nowMs);
  if (hold !== null && isLive(hold, nowMs) && hold.orderId !== null) return refuse({ code: "hold_in_use" });
  if (hold !== null && hold.orderId === null) endHold(sql, terms, hold, isLive(hold, nowMs) ? "released" : "expired");
  // What an entry has come to remains; who it was goes.
  const isOpen = ["unconfirmed", "waiting", "offered", "accepted"].includes(state);
  sql.exec(
    "UPDATE waiting_entries SET status = ?, email = NULL, name = NULL WHERE id = ?",
    isOpen ? "removed" : entry.status,
    entryId,
  );
  if (state === "waiting") terms.isStale = true;
  return ok(null);
}

/** The hold to order from. Whoever has ordered from it hears of the same hold. */
export function accept(
  sql: SqlStorage,
  terms: Terms,
  entryId: string,
  nowMs: number,
): Result<HeldStock, NotFound | Refusal<"offer_not_open">> {
  const entry = findEntry(sql, entryId);
  if (entry === null) return refuse(NOT_FOUND);
  const hold = holdOf(sql, entry);
  if (entry.status !== "offered" || hold === null || !isLive(hold, nowMs)) return refuse(notOpen(entry, hold, nowMs));
  sql.exec("UPDATE waiting_entries SET accepted_at_ms = ? WHERE id = ? AND accepted_at_ms IS NULL", nowMs, entryId);
  return ok(tellHold(terms, hold));
}

/** Gives an offer back. One that is over already is the same answer. */
export function decline(
  sql: SqlStorage,
  terms: Terms,
  entryId: string,
  nowMs: number,
): Result<null, NotFound | Refusal<"offer_not_open" | "hold_in_use">> {
  const entry = findEntry(sql, entryId);
  if (entry === null) return refuse(NOT_FOUND);
  const hold = holdOf(sql, entry);
  const state = stateOf(entry, hold, nowMs);
  if (hold === null) return state === "waiting" || state === "unconfirmed" ? refuse(notOpen(entry, hold, nowMs)) : ok(null);
  if (hold.orderId !== null) return isLive(hold, nowMs) || state === "ordered" ? refuse({ code: "hold_in_use" }) : ok(null);
  endHold(sql, terms, hold, isLive(hold, nowMs) ? "released" : "expired");
  return ok(null);
}

const notOpen = (entry: EntryRecord, hold: HoldRecord | null, nowMs: number): Refusal<"offer_not_open"> => ({
  code: "offer_not_open",
  detail: `The entry is ${stateOf(entry, hold, nowMs)}.`,
});
