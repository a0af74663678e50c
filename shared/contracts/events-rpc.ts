/** The doors of the events Worker for its siblings; what passes through them is in `events.ts`. */
import type { DomainRpc } from "./domain";
import type { AvailableTicketType, PublishedEvent, Ticket } from "./events";
import type { PlainHold } from "./holds";
import type { ClaimRefusal, ClaimRequest, ConfirmRefusal, ConfirmRequest, HeldStock, OrderOutcome } from "./inventory";
import type { Refusal } from "./problems";
import type { Result } from "./result";
import type { WaitlistRpc } from "./waitlist";

/** A part of a list in the order of time. */
export interface PublicEventsPage {
  /** Those behind this one: its start in milliseconds, and its id. */
  after?: readonly [startMs: number, eventId: string] | undefined;
  /** 1–100, which is the default. */
  limit?: number;
}

/** When and where an event was to be, until it was moved; without the point on the map, by which nobody sets out. */
export interface FormerAppointment extends Pick<PublishedEvent, "startDate" | "endDate" | "timezone"> {
  eventId: string;
  location: Omit<PublishedEvent["location"], "coordinates">;
  /** The event's version by which it was moved; `event.moved` has the same. */
  untilVersion: number;
  /** Milliseconds since 1970. */
  untilMs: number;
}

/** For sibling Workers: what the event's one object decides, and the events that may be read. */
export interface EventsRpc extends DomainRpc, WaitlistRpc {
  /** For the gateway alone: the answer's JSON (201), its refusal, or null for a request that only the route can judge. */
  placePlainHold(request: PlainHold): Promise<Result<string, Refusal> | null>;
  /** `overloaded` is the object's, told as data because an error's marks do not survive RPC: 503, never retried (rule 25). */
  claimHold(request: ClaimRequest): Promise<Result<HeldStock, ClaimRefusal | Refusal<"overloaded">>>;
  extendOrder(eventId: string, orderId: string, untilMs: number): Promise<Result<{ expiresAtMs: number }, Refusal>>;
  /** The tickets come back with their signed codes; again is the same answer. */
  confirmOrder(request: ConfirmRequest): Promise<Result<Ticket[], ConfirmRefusal>>;
  /** The same for at most 100 orders in one call, in their order and without the tickets; each is decided by itself. */
  confirmOrders(eventId: string, requests: ConfirmRequest[]): Promise<Result<null, ConfirmRefusal>[]>;
  /** `outcome` names the winner: `released`, or `confirmed` when the money came first. */
  releaseOrder(eventId: string, orderId: string, reason: string): Promise<Result<{ outcome: OrderOutcome }, Refusal>>;
  /** The same for at most 100 orders in one call, in their order; each is decided by itself. */
  releaseOrders(
    eventId: string,
    orderIds: string[],
    reason: string,
  ): Promise<Result<{ outcome: OrderOutcome }, Refusal<"event_not_found" | "order_not_found">>[]>;
  voidTickets(eventId: string, orderId: string, ticketIds: string[] | null): Promise<Result<Ticket[], Refusal>>;
  /** All tickets of each of at most 100 orders; the answers, in their order, name the tickets that an order has. */
  voidOrders(eventId: string, orderIds: string[]): Promise<Result<string[], Refusal<"event_not_found" | "order_not_found">>[]>;
  ticketsOf(eventId: string, orderId: string): Promise<Result<Ticket[], Refusal>>;
  /** The same for at most 50 orders, of any events, in their order; `unavailable` or `overloaded` for one of which nobody could tell. */
  ticketsOfOrders(orders: { eventId: string; orderId: string }[]): Promise<Result<Ticket[], Refusal>[]>;
  /** Events by id whatever their status, those that exist; at most 100 ids. The asking Worker decides who may see them. */
  events(ids: string[]): Promise<PublishedEvent[]>;
  /** What at most 100 events were moved from since they are on sale, the 50 newest of each, oldest first. */
  formerAppointments(eventIds: string[]): Promise<FormerAppointment[]>;
  /**
   * What was ever announced, whatever became of it, in the order of ids, at most 100 behind this id ("" for the first), each with the
   * version that its newest message has.
   */
  announcedEvents(afterId: string): Promise<{ event: PublishedEvent; version: number }[]>;
  /** What anybody may see of an event's tickets, at most a second old. */
  availability(eventId: string): Promise<Result<{ data: AvailableTicketType[]; asOf: string }, Refusal<"event_not_found">>>;
  /**
   * Of at most 20 events those of which nothing is left, at most a second old, and whether some of it may come back. One that cannot be
   * told at once is not among them.
   */
  eventsWithoutTickets(ids: string[]): Promise<{ id: string; mayComeBack: boolean }[]>;
  /** Published public events of an organizer that are not over, soonest first. */
  publicEvents(organizerId: string, page?: PublicEventsPage): Promise<PublishedEvent[]>;
}
