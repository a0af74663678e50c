import { z } from "zod";
import { Id, Timestamp } from "./ids";
import { Money } from "./money";
import { Location, TimeZone } from "./places";
import { MAX_SEAT_CATEGORIES, SeatCategoryId } from "./seats";
import { Title } from "./text";

export const MAX_CAPACITY = 1_000_000;
export const MAX_TICKET_TYPES = 100;
export const MAX_PER_ORDER = 100;
/** Ticket types in one hold or order. */
export const MAX_LINES = 20;
/** That one type draws from, or that one allocation lies within. */
export const MAX_POOLS_A_TYPE = 10;
/** The longest that a hold without an order may be extended to, from its placing; seconds. */
export const MAX_HOLD_SECONDS = 10_800;
/** The longest that an offer to somebody who waits may stand; seconds. */
export const MAX_OFFER_SECONDS = 604_800;
export const DEFAULT_OFFER_SECONDS = 86_400;
/** No policy to show to anybody: the organizer decides each time. */
export const DEFAULT_REFUND_POLICY = "organizer";
export const DEFAULT_MIN_PER_ORDER = 1;
export const DEFAULT_MAX_PER_ORDER = 10;

const MaxPerPerson = z
  .int()
  .min(1)
  .max(MAX_CAPACITY)
  .nullable()
  .optional()
  .meta({ description: "Tickets over all of a person's orders, by mail address and by means of payment; null: no limit" });

export const EventSettingsDraft = z.strictObject({
  allowWaitlist: z.boolean().optional(),
  requireApproval: z.boolean().optional(),
  isPublic: z.boolean().optional(),
  refundPolicy: z.string().min(1).max(2000).optional(),
  holdSeconds: z.int().min(1).max(3600).optional(),
  maxHoldSeconds: z.int().min(1).max(MAX_HOLD_SECONDS).nullable().optional().meta({
    description: "How far from its placing a hold may be extended; null: three times `holdSeconds`, at most three hours",
  }),
  maxPerPerson: MaxPerPerson,
  refuseOrphanSeats: z
    .boolean()
    .optional()
    .meta({ description: "Whether picked seats that would leave a single free one between taken ones are refused" }),
  offerSeconds: z
    .int()
    .min(1)
    .max(MAX_OFFER_SECONDS)
    .optional()
    .meta({ description: "How long an offer to somebody on the waiting list stands" }),
});

const isAfter = (later: string, earlier: string): boolean => Date.parse(later) > Date.parse(earlier);

/** Of pools that an organizer made. */
export const PoolIds = z
  .array(Id)
  .max(MAX_POOLS_A_TYPE)
  .refine((ids) => new Set(ids).size === ids.length, "names a pool twice");

const SeatCategories = z
  .array(SeatCategoryId)
  .max(MAX_SEAT_CATEGORIES)
  .refine((ids) => new Set(ids).size === ids.length, "names a category twice");

const ticketTypeFields = {
  name: Title(200),
  description: z.string().max(2000).optional(),
  price: Money,
  quantity: z.int().min(1).max(MAX_CAPACITY),
  minPerOrder: z.int().min(1).max(MAX_PER_ORDER).optional(),
  maxPerOrder: z.int().min(1).max(MAX_PER_ORDER).optional(),
  saleStart: Timestamp.optional(),
  saleEnd: Timestamp.optional(),
  poolIds: PoolIds.optional().meta({ description: "What it draws from beside its own quantity and the event's capacity" }),
  opensAfterTicketTypeId: Id.nullable().optional().meta({
    description:
      "It opens once nothing is left of that one, what is held counting too, or at its own `saleStart`, whichever comes first, and stays open; null: by time alone",
  }),
  maxPerPerson: MaxPerPerson,
  seatCategories: SeatCategories.optional().meta({
    description: "It sells the seats of these categories of the event's seat map, one by one; without seats when there are none",
  }),
};
interface SaleTerms {
  minPerOrder?: number | undefined;
  maxPerOrder?: number | undefined;
  saleStart?: string | undefined;
  saleEnd?: string | undefined;
}

/** Fields of one body that contradict each other; what contradicts the stored event is the domain's to refuse (422). */
function refuseContradictions(type: SaleTerms, ctx: z.RefinementCtx): void {
  const { minPerOrder, maxPerOrder, saleStart, saleEnd } = type;
  if (minPerOrder !== undefined && maxPerOrder !== undefined && minPerOrder > maxPerOrder)
    ctx.addIssue({ code: "custom", path: ["minPerOrder"], message: "is above maxPerOrder" });
  if (saleStart !== undefined && saleEnd !== undefined && !isAfter(saleEnd, saleStart))
    ctx.addIssue({ code: "custom", path: ["saleEnd"], message: "is not after saleStart" });
}

export const TicketTypeDraft = z
  .strictObject(ticketTypeFields)
  .superRefine((type, ctx) => refuseContradictions({ ...type, maxPerOrder: type.maxPerOrder ?? DEFAULT_MAX_PER_ORDER }, ctx))
  .meta({ id: "TicketTypeDraft" });
export type TicketTypeDraft = z.infer<typeof TicketTypeDraft>;
export const TicketTypeChange = z
  .strictObject(ticketTypeFields)
  .partial()
  .superRefine(refuseContradictions)
  .meta({ id: "TicketTypeChange" });
export type TicketTypeChange = z.infer<typeof TicketTypeChange>;

const eventFields = {
  title: Title(200),
  description: z.string().max(20_000),
  category: Title(64),
  startDate: Timestamp,
  endDate: Timestamp,
  timezone: TimeZone,
  location: Location,
  capacity: z.int().min(1).max(MAX_CAPACITY),
  settings: EventSettingsDraft.optional(),
};
function refuseDisorder(event: { startDate?: string | undefined; endDate?: string | undefined }, ctx: z.RefinementCtx): void {
  const { startDate, endDate } = event;
  if (startDate !== undefined && endDate !== undefined && !isAfter(endDate, startDate))
    ctx.addIssue({ code: "custom", path: ["endDate"], message: "is not after startDate" });
}

export const EventDraft = z
  .strictObject({ organizerId: Id, ...eventFields, ticketTypes: z.array(TicketTypeDraft).max(MAX_TICKET_TYPES).optional() })
  .superRefine((event, ctx) => {
    refuseDisorder(event, ctx);
    const types = event.ticketTypes ?? [];
    for (const [index, { price, saleStart, saleEnd }] of types.entries()) {
      const at = (field: string, message: string) =>
        ctx.addIssue({ code: "custom", path: ["ticketTypes", index, ...field.split("/")], message });
      if (price.currency !== types[0]?.price.currency) at("price/currency", "differs from the first ticket type's");
      if (saleStart !== undefined && !isAfter(event.endDate, saleStart)) at("saleStart", "is not before the event's end");
      if (saleEnd !== undefined && isAfter(saleEnd, event.endDate)) at("saleEnd", "is after the event's end");
    }
  })
  .meta({ id: "EventDraft" });
export type EventDraft = z.infer<typeof EventDraft>;
export const EventChange = z.strictObject(eventFields).partial().superRefine(refuseDisorder).meta({ id: "EventChange" });
export type EventChange = z.infer<typeof EventChange>;

export const TicketType = z
  .object({
    id: Id,
    eventId: Id,
    name: z.string(),
    description: z.string().optional(),
    price: Money,
    quantity: z.int(),
    minPerOrder: z.int(),
    maxPerOrder: z.int(),
    saleStart: Timestamp.optional(),
    saleEnd: Timestamp.optional(),
    poolIds: z.array(Id).optional(),
    opensAfterTicketTypeId: Id.optional(),
    maxPerPerson: z.int().optional(),
    seatCategories: z.array(z.string()).optional(),
  })
  .meta({ id: "TicketType" });
export type TicketType = z.infer<typeof TicketType>;

export const EVENT_STATUSES = ["draft", "published", "cancelled", "completed"] as const;

/** `Event` is also a name of the platform's, hence the long one. */
export const PublishedEvent = z
  .object({
    id: Id,
    organizerId: Id,
    title: z.string(),
    description: z.string(),
    category: z.string(),
    startDate: Timestamp,
    endDate: Timestamp,
    timezone: z.string(),
    location: z.object({
      venue: z.string(),
      address: z.string(),
      city: z.string(),
      country: z.string(),
      coordinates: z.object({ lat: z.number(), lng: z.number() }),
    }),
    capacity: z.int(),
    status: z.enum(EVENT_STATUSES),
    settings: z.object({
      allowWaitlist: z.boolean(),
      requireApproval: z.boolean(),
      isPublic: z.boolean(),
      refundPolicy: z.string(),
      holdSeconds: z.int(),
      // Optional, because a copy that was indexed before they were there has none.
      maxHoldSeconds: z.int().optional(),
      maxPerPerson: z.int().nullable().optional(),
      refuseOrphanSeats: z.boolean().optional(),
      offerSeconds: z.int().optional(),
    }),
    cancelReason: z.string().optional(),
    seatMapId: Id.optional(),
    ticketTypes: z.array(TicketType),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Event" });
export type PublishedEvent = z.infer<typeof PublishedEvent>;

export const AvailableTicketType = TicketType.extend({
  available: z.int(),
  reserved: z.int().optional().meta({
    description:
      "In others' hands and not paid yet: some of it may be there again in a few minutes. A feed's frames leave it out",
  }),
  status: z.enum(["on_sale", "scheduled", "ended", "sold_out", "hidden"]),
}).meta({ id: "AvailableTicketType" });
export type AvailableTicketType = z.infer<typeof AvailableTicketType>;

export const Ticket = z
  .object({
    id: Id,
    eventId: Id,
    orderId: Id,
    ticketTypeId: Id,
    status: z.enum(["valid", "admitted", "void", "transferred"]),
    code: z.string(),
    seat: z.string().optional(),
    seatId: z.string().optional().meta({ description: "The seat's id on the map, as seats are swapped by it" }),
    holder: z.object({ name: z.string(), email: z.string() }),
    createdAt: Timestamp,
  })
  .meta({ id: "Ticket" });
export type Ticket = z.infer<typeof Ticket>;

export const CancelDraft = z
  .strictObject({
    reason: Title(1000).meta({ description: "Told to whoever looks at the event, and to each buyer by mail" }),
  })
  .meta({ id: "CancelDraft" });
