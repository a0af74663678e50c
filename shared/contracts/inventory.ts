/**
 * What `TicketInventory`, the one object an event, is asked and answers (its doors: `inventory-rpc.ts`). Inside: integer milliseconds and
 * minor units. Only the events Worker binds the class; payments reaches it through `EventsRpc`.
 */
import type { Principal } from "./principal";
import type { Refusal } from "./problems";

export interface PoolConfig {
  id: string;
  capacity: number;
  /**
   * Empty for a plain pool. An allocation (press, sponsor, box office) lies within these plain pools: what it has neither sold nor held
   * stands in each of them as `blocked`. A type draws from at most one allocation, and then also from a pool around it.
   */
  withinPoolIds: string[];
}

export interface TicketTypeConfig {
  id: string;
  name: string;
  description: string | null;
  /** Every pool must have room (rule 8): its own, the event's, shared ones. */
  poolIds: string[];
  /** The type's own quantity as its organizer set it, for answers; the pool of the same id counts it. */
  quantity: number;
  unitPriceMinor: number;
  minPerOrder: number;
  maxPerOrder: number;
  /** Null: from publishing. */
  saleStartMs: number | null;
  /** Null: to the event's end. */
  saleEndMs: number | null;
  /**
   * The type opens by itself once that one has nothing left, or at its own `saleStartMs` where it has one, whichever comes first, and
   * stays open. Null: at `saleStartMs`, or from publishing.
   */
  opensAfterTicketTypeId: string | null;
  /** Tickets of this type over all of a person's orders (claimed and live, or confirmed and not void); null for no limit. */
  maxPerPerson: number | null;
  /** The categories of the event's seat map that it sells; empty for a type without seats. */
  seatCategories: string[];
}

/** All that a hold must know, so that it reads no database (rule 6). Opened by publishing; every later change carries a higher `version`. */
export interface InventoryConfig {
  eventId: string;
  organizerId: string;
  version: number;
  /** Names what this version says: the same version under another name is another wish, and is refused. */
  changeId: string;
  /** False: only members know of the event; anybody else hears `event_not_found`. */
  isPublic: boolean;
  currency: string;
  endMs: number;
  holdMs: number;
  /** From its placing a hold that no order has claimed may be extended so far; at least `holdMs`. */
  holdCapMs: number;
  /** Tickets of all types over all of a person's orders; null for no limit. */
  maxPerPerson: number | null;
  /** The seat map that its seated types sell from, which the object has or asks for; null without seats. */
  seatMapId: string | null;
  /** Picked seats that would leave a single free one between taken ones are refused. */
  refuseOrphanSeats: boolean;
  allowWaitlist: boolean;
  /** How long an offer to somebody on the waiting list stands. */
  offerMs: number;
  /** Tickets that one network address may hold or own at a time; null in development (API.md, *Local run*). */
  maxPerAddress: number | null;
  /** How many times a type's `maxPerOrder` one person may have in live holds that are not paid; null in development. */
  unpaidOrdersPerPerson: number | null;
  /**
   * The fraction (0–1] of each pool that all who are not signed in may hold together without having paid, but never less than
   * `maxPerAddress`; null in development.
   */
  anonymousShare: number | null;
  pools: PoolConfig[];
  ticketTypes: TicketTypeConfig[];
}

/** Who holds (rule 11). `key` is a user id, an HMAC of the address (/64 for IPv6), or an order's buyer. */
export interface Holder {
  kind: "user" | "address" | "buyer";
  key: string;
}

export interface Line {
  ticketTypeId: string;
  /** Of a seated type the number of its seats. */
  quantity: number;
  /** Of a seated type: these seats … */
  seatIds?: string[];
  /** … or the best ones together, perhaps of some sections only, so many of them accessible. Exactly one of the two is given. */
  bestAvailable?: true | { sectionIds?: string[]; accessible?: number };
}

export interface HoldRequest {
  holdId: string;
  /** True when the id is an Idempotency-Key's: its refusal is kept for a day (rule 20). */
  keyed: boolean;
  /** SHA-256 of the canonical request, for `idempotency_key_reused` (rule 20). */
  requestHash: string;
  holder: Holder;
  items: Line[];
  /** True when the caller is a member of the event's organizer or an admin: sees private events. */
  insider: boolean;
  /** Each line as much as there is, never below the type's `minPerOrder`, none of what is not on sale, and told; all or nothing without it. */
  partial?: boolean;
  onlyOrganizerId?: OnlyOrganizer;
}

/** Set for a session of this organizer's host (rule 5): to it the events of others are not there. */
export type OnlyOrganizer = string;

export interface HeldSeat {
  id: string;
  /** For people: "Parterre · Row 12 · Seat 7". */
  label: string;
}

export interface HeldLine {
  ticketTypeId: string;
  quantity: number;
  name: string;
  /** Frozen when the hold was placed. */
  unitPriceMinor: number;
  /** How many were asked for, where a partial hold got fewer. */
  asked?: number;
  /** Of a seated type, as many as `quantity`. */
  seats?: HeldSeat[];
}

/** A line of a partial hold that got nothing, and why. */
export interface RefusedLine {
  ticketTypeId: string;
  asked: number;
  code: "sold_out" | "ticket_type_not_on_sale" | "seat_for_companion";
}

/** A line whose price is another than the one it was held for before. Minor units. */
export interface RepricedLine {
  ticketTypeId: string;
  fromMinor: number;
  toMinor: number;
}

export interface HeldStock {
  holdId: string;
  eventId: string;
  organizerId: string;
  currency: string;
  configVersion: number;
  holder: Holder;
  expiresAtMs: number;
  /** `extendHold` never moves the end beyond this; of an order's hold the same for `extend`. */
  extendableUntilMs: number;
  lines: HeldLine[];
  /** What a partial hold did not get at all; absent where there is none. */
  refused?: RefusedLine[];
  /** What `reacquireHold` found dearer or cheaper; absent where there is none. */
  repriced?: RepricedLine[];
  /** The order that claimed it, null while it is free. */
  orderId: string | null;
}

/** A hold that has ended still names who had it and from whom, so that its owner may be told and nobody else. */
export interface EndedHold extends Refusal<"hold_expired" | "hold_released"> {
  holder: Holder;
  organizerId: string;
}

export interface ClaimRequest {
  eventId: string;
  orderId: string;
  holder: Holder;
  insider: boolean;
  /** Who asks: of a private event the events Worker finds out whether he is one of its organizer's. */
  principal?: Principal;
  onlyOrganizerId?: OnlyOrganizer;
  /** Claim this hold … */
  hold?: { id: string; secret: string } | undefined;
  /** … or place one for the order in the same command. Exactly one of the two is given. */
  items?: Line[] | undefined;
  requestHash: string;
  /**
   * The buyer's mail address (of somebody signed in his verified one), by which the tickets of one person are counted. The events Worker
   * makes the object's `personKey` of it; absent where nobody is to be counted.
   */
  personEmail?: string | undefined;
  /** Whether that address is proved to be the buyer's. What others only name counts less against who has proved his. */
  isPersonVerified?: boolean;
}

/** An order's permanent word about its stock (rule 12): the first of confirm and release wins, for ever. */
export type OrderOutcome = "open" | "confirmed" | "released";

export interface Attendee {
  name: string;
  email: string;
}

export interface ConfirmRequest {
  eventId: string;
  orderId: string;
  buyer: Attendee;
  /** In the order of the lines; missing ones carry the buyer. */
  attendees: Attendee[];
  /** HMAC of the fingerprint of the means of payment, where the provider tells one: it counts as a person too. */
  fingerprintKey?: string | undefined;
}

export interface IssuedTicket {
  id: string;
  eventId: string;
  orderId: string;
  ticketTypeId: string;
  status: "valid" | "admitted" | "void" | "transferred";
  /** Grows when the ticket is reissued; an older code is `ticket_void`. */
  version: number;
  holder: Attendee;
  /** Of a seated type. */
  seat?: HeldSeat;
  createdAtMs: number;
}

export interface TypeAvailability {
  ticketTypeId: string;
  available: number;
  /** How much more there would be if nothing were held; left out of the feeds. */
  reserved?: number;
  status: "on_sale" | "scheduled" | "ended" | "sold_out" | "hidden";
}

/** A pool as it stands: `sold + held + blocked <= capacity`, `available` is what is left. A hold that is due counts as gone. */
export interface PoolState extends PoolConfig {
  sold: number;
  held: number;
  /** Kept back: what allocations within it have left, and blocked seats. */
  blocked: number;
  available: number;
}

export interface Availability {
  eventId: string;
  isPublic: boolean;
  currency: string;
  version: number;
  asOfMs: number;
  ticketTypes: (TicketTypeConfig & TypeAvailability)[];
}

export type HoldRefusal = Refusal<
  | "event_not_found"
  | "event_not_on_sale"
  | "ticket_type_not_found"
  | "ticket_type_not_on_sale"
  | "quantity_out_of_range"
  | "sold_out"
  | "holder_limit"
  | "seats_required"
  | "seat_count_mismatch"
  | "seat_unknown"
  | "seat_repeated"
  | "seat_taken"
  | "seat_orphaned"
  | "seat_for_companion"
  | "hold_expired"
  | "hold_released"
  | "idempotency_key_reused"
>;
export type HoldChangeRefusal = HoldRefusal | Refusal<"hold_not_found" | "hold_in_use">;
export type ClaimRefusal = HoldChangeRefusal | Refusal<"person_limit">;
export interface ConfirmRefusal
  extends Refusal<"event_not_found" | "order_not_found" | "sold_out" | "state_moved" | "person_limit"> {
  /** Of `state_moved`, where the order was released for good: the reason of that release. */
  releasedFor?: string;
}
