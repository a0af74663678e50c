/**
 * The waiting list as the event's object knows it. Offers go out in order (priority, then time) in the transaction in which stock comes
 * back; an offer is a hold with an end of its own.
 */
import type { HeldStock } from "./inventory";
import type { Refusal } from "./problems";
import type { Result } from "./result";

/** Ticket types that one entry may name. */
export const MAX_ACCEPTABLE_TYPES = 5;
export const MAX_PRIORITY = 100;
/** Entries that an event's list ever takes. */
export const MAX_WAITING_ENTRIES = 500_000;
/** Different wishes (quantity and types, in their order) that those who wait may have together: a look costs as much as there are. */
export const MAX_WISHES = 300;
/** Entries of one page of the list. */
export const MAX_WAITING_PAGE = 100;

/** Entries that one address may have beside each other while it has confirmed none of them: each is a mail to it. */
export const MAX_UNCONFIRMED = 3;

/** After an entry has come to its end, or while a guest does not say that he wants to wait: then his address is forgotten. */
export const ADDRESS_KEPT_MS = 7 * 86_400_000;

export const WAITING_STATES = [
  "unconfirmed",
  "waiting",
  "offered",
  "accepted",
  "ordered",
  "declined",
  "expired",
  "removed",
  "ended",
] as const;
export type WaitingState = (typeof WAITING_STATES)[number];

export interface WaitingRequest {
  entryId: string;
  /** HMAC of the normalized mail address. */
  personKey: string;
  /** Null for somebody whom a member has added by his address, and for a guest. */
  userId: string | null;
  /** False for a guest: anybody may have named the address. His entry waits from when he has said so on the page that his mail leads to. */
  isConfirmed: boolean;
  email: string;
  name: string | null;
  /** BCP 47. */
  language: string;
  /** In the order of wish: the first that there is enough of is offered. */
  ticketTypeIds: string[];
  quantity: number;
  /** 0 to `MAX_PRIORITY`, the highest first. */
  priority: number;
  /** As for a hold: knows of a private event. */
  insider: boolean;
}

export interface WaitingEntry {
  entryId: string;
  /** By which the list is read on. */
  number: number;
  eventId: string;
  organizerId: string;
  userId: string | null;
  /** Null once he has left, and `ADDRESS_KEPT_MS` after the entry's or the event's end. */
  email: string | null;
  name: string | null;
  language: string;
  ticketTypeIds: string[];
  quantity: number;
  priority: number;
  state: WaitingState;
  joinedAtMs: number;
  offeredAtMs: number | null;
  /** What was offered, also after its end; null before. */
  offer: HeldStock | null;
}

export interface WaitingQuestion {
  /** Entries of this person alone; null for all. */
  userId: string | null;
  /** Behind this number. */
  after: number;
  limit: number;
}

type Unknown = Refusal<"event_not_found" | "waitlist_entry_not_found">;
export type JoinRefusal = Refusal<
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

/** The object's doors for those who wait. */
export interface WaitingInventoryRpc {
  joinWaitlist(request: WaitingRequest): Promise<Result<WaitingEntry, JoinRefusal>>;
  /** By whoever has read the mail to the entry's address. One that is confirmed already is the same answer as it stands. */
  confirmWaiting(
    entryId: string,
  ): Promise<Result<WaitingEntry, Unknown | Refusal<"waitlist_closed" | "event_not_on_sale" | "already_waiting">>>;
  waitingEntry(entryId: string): Promise<Result<WaitingEntry, Unknown>>;
  /** In the order in which they joined, at most `MAX_WAITING_PAGE`. */
  waitingEntries(question: WaitingQuestion): Promise<Result<WaitingEntry[], Refusal<"event_not_found">>>;
  /** Takes an entry off the list and gives its offer back; one that is over stays as it is. `hold_in_use`: an order has been made. */
  leaveWaitlist(entryId: string): Promise<Result<null, Unknown | Refusal<"hold_in_use">>>;
  /** The hold to order from; again is the same answer while it lives. */
  acceptOffer(entryId: string): Promise<Result<HeldStock, Unknown | Refusal<"offer_not_open">>>;
  /** Gives an offer back, which goes to the next; one that is over is the same answer. */
  declineOffer(entryId: string): Promise<Result<null, Unknown | Refusal<"offer_not_open" | "hold_in_use">>>;
}
