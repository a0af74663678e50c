/** An event as D1 has it, and what becomes of it: the wire's `Event`, and the object's configuration. */

import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { MAX_HOLD_SECONDS, type PublishedEvent, type TicketType } from "../../shared/contracts/events";
import { toTimestamp } from "../../shared/contracts/ids";
import type { InventoryConfig } from "../../shared/contracts/inventory";
import { money } from "../../shared/contracts/money";
import type { Env } from "./environment";
import { type EventRow, events, type PoolRow, pools, type TicketTypeRow, ticketTypes } from "./schema";

export interface StoredEvent {
  event: EventRow;
  /** In the organizer's order. */
  types: TicketTypeRow[];
  /** The organizer's own, in his order; the event's and the types' are there by themselves. */
  pools: PoolRow[];
}

/** What an address may hold at a time, in units of the largest order (rule 11). */
const ORDERS_PER_ADDRESS = 5;
/** Twice, so that a second try beside a forgotten tab still finds its tickets. */
const UNPAID_ORDERS_PER_PERSON = 2;
/** Of each pool, for all who are not signed in together, while they have not paid. */
const ANONYMOUS_SHARE = 0.5;
/** How long a hold may be made to last, in units of its first length, where the organizer says nothing. */
const HOLDS_PER_CAP = 3;

/** Seconds. */
export const maxHoldSecondsOf = ({ maxHoldSeconds, holdSeconds }: EventRow): number =>
  maxHoldSeconds ?? Math.min(HOLDS_PER_CAP * holdSeconds, MAX_HOLD_SECONDS);

export async function loadEvent(env: Env, eventId: string): Promise<StoredEvent | null> {
  const db = drizzle(env.DB);
  const [[event], types, ofEvent] = await db.batch([
    db.select().from(events).where(eq(events.id, eventId)),
    db.select().from(ticketTypes).where(eq(ticketTypes.eventId, eventId)).orderBy(ticketTypes.position, ticketTypes.id),
    db.select().from(pools).where(eq(pools.eventId, eventId)).orderBy(pools.position, pools.id),
  ]);
  return event ? { event, types, pools: ofEvent } : null;
}

/** Once an event was published in public everybody knows of it, also when it is cancelled or over. */
export const isKnown = (event: Pick<EventRow, "status" | "isPublic">): boolean =>
  event.isPublic && event.status !== "draft" && event.status !== "publishing";

export function toTicketType(type: TicketTypeRow): TicketType {
  return {
    id: type.id,
    eventId: type.eventId,
    name: type.name,
    ...(type.description === null ? {} : { description: type.description }),
    price: money(type.priceMinor, type.currency),
    quantity: type.quantity,
    minPerOrder: type.minPerOrder,
    maxPerOrder: type.maxPerOrder,
    ...(type.saleStartMs === null ? {} : { saleStart: toTimestamp(type.saleStartMs) }),
    ...(type.saleEndMs === null ? {} : { saleEnd: toTimestamp(type.saleEndMs) }),
    ...(type.poolIds.length === 0 ? {} : { poolIds: type.poolIds }),
    ...(type.opensAfterTicketTypeId === null ? {} : { opensAfterTicketTypeId: type.opensAfterTicketTypeId }),
    ...(type.maxPerPerson === null ? {} : { maxPerPerson: type.maxPerPerson }),
    ...(type.seatCategories.length === 0 ? {} : { seatCategories: type.seatCategories }),
  };
}

export function toEvent({ event, types }: Pick<StoredEvent, "event" | "types">): PublishedEvent {
  return {
    id: event.id,
    organizerId: event.organizerId,
    title: event.title,
    description: event.description,
    category: event.category,
    startDate: toTimestamp(event.startMs),
    endDate: toTimestamp(event.endMs),
    timezone: event.timezone,
    location: {
      venue: event.venue,
      address: event.address,
      city: event.city,
      country: event.country,
      coordinates: { lat: event.lat, lng: event.lng },
    },
    capacity: event.capacity,
    status: event.status === "publishing" ? "draft" : event.status,
    settings: {
      allowWaitlist: event.allowWaitlist,
      requireApproval: event.requireApproval,
      isPublic: event.isPublic,
      refundPolicy: event.refundPolicy,
      holdSeconds: event.holdSeconds,
      maxHoldSeconds: maxHoldSecondsOf(event),
      maxPerPerson: event.maxPerPerson,
      refuseOrphanSeats: event.refuseOrphanSeats,
      offerSeconds: event.offerSeconds,
    },
    ...(event.cancelReason === null ? {} : { cancelReason: event.cancelReason }),
    ...(event.seatMapId === null ? {} : { seatMapId: event.seatMapId }),
    ticketTypes: types.map(toTicketType),
    createdAt: toTimestamp(event.createdAtMs),
    updatedAt: toTimestamp(event.updatedAtMs),
  };
}

/** A test run has one address, and few people (API.md, *Local run*). */
const NO_CAPS = { maxPerAddress: null, unpaidOrdersPerPerson: null, anonymousShare: null };

const capsOf = (types: readonly TicketTypeRow[]) => ({
  maxPerAddress: ORDERS_PER_ADDRESS * Math.max(...types.map(({ maxPerOrder }) => maxPerOrder)),
  unpaidOrdersPerPerson: UNPAID_ORDERS_PER_PERSON,
  anonymousShare: ANONYMOUS_SHARE,
});

/** Each type draws from its own pool, from the event's, and from those that it names (rule 8). Expects at least one type. */
export function toConfig({ event, types, pools }: StoredEvent, environment: string): InventoryConfig {
  const [first] = types;
  if (!first) throw new Error("an event without ticket types has nothing to sell");
  return {
    eventId: event.id,
    organizerId: event.organizerId,
    version: event.version,
    changeId: event.changeId,
    isPublic: event.isPublic,
    currency: first.currency,
    endMs: event.endMs,
    holdMs: event.holdSeconds * 1000,
    holdCapMs: maxHoldSecondsOf(event) * 1000,
    maxPerPerson: event.maxPerPerson,
    seatMapId: event.seatMapId,
    refuseOrphanSeats: event.refuseOrphanSeats,
    allowWaitlist: event.allowWaitlist,
    offerMs: event.offerSeconds * 1000,
    ...(environment === "development" ? NO_CAPS : capsOf(types)),
    pools: [
      { id: event.id, capacity: event.capacity, withinPoolIds: [] },
      ...types.map(({ id, quantity }) => ({ id, capacity: quantity, withinPoolIds: [] })),
      ...pools.map(({ id, capacity, withinPoolIds }) => ({ id, capacity, withinPoolIds })),
    ],
    ticketTypes: types.map((type) => ({
      id: type.id,
      name: type.name,
      description: type.description,
      poolIds: [type.id, event.id, ...type.poolIds],
      quantity: type.quantity,
      unitPriceMinor: type.priceMinor,
      minPerOrder: type.minPerOrder,
      maxPerOrder: type.maxPerOrder,
      saleStartMs: type.saleStartMs,
      saleEndMs: type.saleEndMs,
      opensAfterTicketTypeId: type.opensAfterTicketTypeId,
      maxPerPerson: type.maxPerPerson,
      seatCategories: type.seatCategories,
    })),
  };
}
