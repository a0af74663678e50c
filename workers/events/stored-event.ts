/** An event as D1 has it, and what becomes of it: the wire's `Event`, and the object's configuration. */

import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PublishedEvent, TicketType } from "../../shared/contracts/events";
import { toTimestamp } from "../../shared/contracts/ids";
import type { InventoryConfig } from "../../shared/contracts/inventory";
import { money } from "../../shared/contracts/money";
import type { Env } from "./environment";
import { type EventRow, events, type TicketTypeRow, ticketTypes } from "./schema";

export interface StoredEvent {
  event: EventRow;
  /** In the organizer's order. */
  types: TicketTypeRow[];
}

/** What an address may hold at a time, in units of the largest order (rule 11). */
const ORDERS_PER_ADDRESS = 5;
/** Twice, so that a second try beside a forgotten tab still finds its tickets. */
const UNPAID_ORDERS_PER_PERSON = 2;
/** Of each pool, for all who are not signed in together, while they have not paid. */
const ANONYMOUS_SHARE = 0.5;

export async function loadEvent(env: Env, eventId: string): Promise<StoredEvent | null> {
  const db = drizzle(env.DB);
  const [[event], types] = await db.batch([
    db.select().from(events).where(eq(events.id, eventId)),
    db.select().from(ticketTypes).where(eq(ticketTypes.eventId, eventId)).orderBy(ticketTypes.position, ticketTypes.id),
  ]);
  return event ? { event, types } : null;
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
  };
}

export function toEvent({ event, types }: StoredEvent): PublishedEvent {
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
    },
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

/** Each type draws from its own pool and from the event's (rule 8). Expects at least one type. */
export function toConfig({ event, types }: StoredEvent, environment: string): InventoryConfig {
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
    ...(environment === "development" ? NO_CAPS : capsOf(types)),
    pools: [{ id: event.id, capacity: event.capacity }, ...types.map(({ id, quantity }) => ({ id, capacity: quantity }))],
    ticketTypes: types.map((type) => ({
      id: type.id,
      name: type.name,
      description: type.description,
      poolIds: [type.id, event.id],
      quantity: type.quantity,
      unitPriceMinor: type.priceMinor,
      minPerOrder: type.minPerOrder,
      maxPerOrder: type.maxPerOrder,
      saleStartMs: type.saleStartMs,
      saleEndMs: type.saleEndMs,
    })),
  };
}
