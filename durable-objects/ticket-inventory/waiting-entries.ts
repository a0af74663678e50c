/** Entries of the waiting list. What became of an offer is read from its hold, so that the two cannot say different things. */
import type { HeldStock } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_WAITING_PAGE, type WaitingEntry, type WaitingQuestion, type WaitingState } from "../../shared/contracts/waiting";
import type { Terms } from "./event";
import { endHold, findHold, type HoldRecord, isLive, tellHold } from "./holds";
import { wishOfKey } from "./waiting-wishes";

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

export const findEntry = (sql: SqlStorage, entryId: string): EntryRecord | null => readEntries(sql, "id = ?", entryId)[0] ?? null;

/** The hold that was placed for the entry, null before. */
export const holdOf = (sql: SqlStorage, { holdId }: EntryRecord): HoldRecord | null =>
  holdId === null ? null : findHold(sql, holdId);

export function stateOf({ status, acceptedAtMs }: EntryRecord, hold: HoldRecord | null, nowMs: number): WaitingState {
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

export type NotFound = Refusal<"waitlist_entry_not_found">;
export const NOT_FOUND: NotFound = { code: "waitlist_entry_not_found" };

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
    "UPDATE waiting_entries SET status = ?, email = NULL, name = NULL, erase_at_ms = NULL WHERE id = ?",
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
  // Nothing can be ordered any more; an order that was made before may still be paid.
  if (terms.state !== "open" && hold.orderId === null)
    return refuse({ code: "offer_not_open", detail: `The event is ${terms.state}.` });
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
