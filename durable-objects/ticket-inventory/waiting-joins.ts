/** Coming onto the waiting list: who may, for what, and from when. */
import type { HeldLine } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";
import {
  ADDRESS_KEPT_MS,
  type JoinRefusal,
  MAX_UNCONFIRMED,
  MAX_WAITING_ENTRIES,
  MAX_WISHES,
  type WaitingRequest,
} from "../../shared/contracts/waiting";
import type { Terms } from "./event";
import { checkPersonLimit } from "./persons";
import { checkEvent, priceLines, saleWindow, typeOf } from "./sale";
import { type EntryRecord, findEntry, holdOf, NOT_FOUND, type NotFound, readEntries, stateOf } from "./waiting-entries";
import { couldServe, supplyOf } from "./waiting-supply";
import { keyOfWish, type Wish } from "./waiting-wishes";

/** Entries of one person that are looked at when he joins once more. */
const MAX_OWN = 20;

/** Puts somebody onto the list; whoever calls it looks at once whether it is his turn. */
export function join(sql: SqlStorage, terms: Terms, request: WaitingRequest, nowMs: number): Result<null, JoinRefusal> {
  const refusal =
    checkList(terms, request.insider, nowMs) ?? checkWish(sql, terms, request, nowMs) ?? checkRoom(sql, terms, request);
  if (refusal !== null) return refuse(refusal);
  const may = request.isConfirmed ? checkPerson(sql, terms, request, nowMs) : checkUnconfirmed(sql, request);
  if (!may.ok) return may;
  sql.exec(
    `INSERT INTO waiting_entries (id, person_key, user_id, email, name, language, wish, priority, status, joined_at_ms, erase_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    request.isConfirmed ? null : nowMs + ADDRESS_KEPT_MS,
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
    `UPDATE waiting_entries SET status = 'waiting', joined_at_ms = ?, erase_at_ms = NULL,
       number = (SELECT MAX(number) + 1 FROM waiting_entries)
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

/** A guest's address is told nothing of what stands in its way, and is written to once a wish, and a few times at most. */
function checkUnconfirmed(sql: SqlStorage, request: WaitingRequest): Result<string[], JoinRefusal> {
  const { personKey, quantity, ticketTypeIds } = request;
  const open = readEntries(sql, "person_key = ? AND status IN ('unconfirmed', 'waiting') LIMIT ?", personKey, MAX_UNCONFIRMED);
  const isSame = (entry: EntryRecord) => keyOfWish(entry) === keyOfWish({ quantity, ticketTypeIds });
  const isOver = open.length >= MAX_UNCONFIRMED || open.some((entry) => entry.status === "waiting" || isSame(entry));
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
