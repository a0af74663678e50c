/**
 * What Workers tell each other. Past-tense facts in a CloudEvents 1.0 JSON envelope; no name, mail address, phone or postal address
 * in any of them: a reader asks the owner in batches (rule 21).
 */
import { z } from "zod";
import { Id } from "./ids";
import { REFUND_REASONS } from "./orders";
import { MAX_SEAT_MOVES } from "./seats";

export const TOPICS = [
  "user.events",
  "event.events",
  "payment.events",
  "notification.events",
  "branding.events",
  "analytics.events",
] as const;
export type Topic = (typeof TOPICS)[number];

const moment = z.int().meta({ description: "Milliseconds since 1970" });

const RefundMoved = z.object({
  refundId: Id,
  paymentId: Id,
  orderId: Id,
  eventId: Id,
  organizerId: Id,
  amountMinor: z.int(),
  currency: z.string(),
  reason: z.enum(REFUND_REASONS),
  /** Tickets that it pays back; none where it is an amount alone, or the money had bought nothing. */
  ticketCount: z.int(),
});

const WaitingMoved = z.object({ entryId: Id, eventId: Id, organizerId: Id });

/** Every message: its topic and its data. The outbox refuses anything else, and every entry has a reader (test/house). */
export const MESSAGES = {
  "account.registered": { topic: "user.events", data: z.object({ accountId: Id }) },
  "account.verified": { topic: "user.events", data: z.object({ accountId: Id }) },
  /** Name, role or status. */
  "account.changed": { topic: "user.events", data: z.object({ accountId: Id }) },
  "account.mail_requested": { topic: "user.events", data: z.object({ accountId: Id, mailId: Id }) },
  "invitation.created": { topic: "user.events", data: z.object({ invitationId: Id, organizerId: Id }) },
  "event.published": { topic: "event.events", data: z.object({ eventId: Id, organizerId: Id }) },
  "event.changed": { topic: "event.events", data: z.object({ eventId: Id, organizerId: Id }) },
  /** Date, time zone or place of an event on sale: with that change's `event.changed`, and its version. */
  "event.moved": { topic: "event.events", data: z.object({ eventId: Id, organizerId: Id }) },
  /** The organizer has given tickets of these orders other seats, in one change. Its subject is `<event id>/seats`. */
  "seats.swapped": {
    topic: "event.events",
    data: z.object({ eventId: Id, organizerId: Id, orderIds: z.array(Id).min(1).max(MAX_SEAT_MOVES) }),
  },
  "event.cancelled": { topic: "event.events", data: z.object({ eventId: Id, organizerId: Id }) },
  "event.completed": { topic: "event.events", data: z.object({ eventId: Id, organizerId: Id }) },
  /**
   * What is left, at most once a second and never for each hold (rule 21): all types of the event, so that the newest says everything.
   * Its subject is the event's stock (`<event id>/availability`), which counts its own versions.
   */
  "inventory.availability_changed": {
    topic: "event.events",
    data: z.object({
      eventId: Id,
      organizerId: Id,
      /** `sold` is null for a type that only shares what it draws from: its own tickets are not counted there. */
      ticketTypes: z.array(
        z.object({ ticketTypeId: Id, available: z.int().nonnegative(), sold: z.int().nonnegative().nullable() }),
      ),
      asOfMs: moment,
    }),
  },
  /**
   * How many were let in by quarter of an hour, at most once a second: each quarter that is named says all of its admissions. Its
   * subject is `<event id>/admissions`, which counts its own versions.
   */
  "admissions.counted": {
    topic: "event.events",
    data: z.object({
      eventId: Id,
      organizerId: Id,
      quarters: z.array(z.object({ startsAtMs: moment, admitted: z.int().nonnegative() })),
      asOfMs: moment,
    }),
  },
  "order.paid": {
    topic: "payment.events",
    data: z.object({
      orderId: Id,
      eventId: Id,
      organizerId: Id,
      totalMinor: z.int(),
      currency: z.string(),
      ticketCount: z.int(),
      paidAtMs: moment,
      /** Missing in what an earlier version said. */
      orderedAtMs: moment.optional(),
    }),
  },
  /** Somebody waits whose turn has not come. Its subject is the entry, as that of the other two. */
  "waitlist.joined": { topic: "event.events", data: WaitingMoved },
  /** Tickets are held for him until an end of their own. */
  "waitlist.offered": { topic: "event.events", data: WaitingMoved },
  /** Nothing will come of the entry: the event was cancelled, or the person has as many tickets as one may. */
  "waitlist.ended": { topic: "event.events", data: WaitingMoved },
  /** Its end passed unpaid although its buyer had begun to pay; of those who never did nobody is told. Late money may still pay it. */
  "order.expired": { topic: "payment.events", data: z.object({ orderId: Id, eventId: Id, organizerId: Id }) },
  /** The provider has paid it, for whatever reason; again, with a higher version, where the money came back in between. */
  "refund.succeeded": { topic: "payment.events", data: RefundMoved.extend({ refundedAtMs: moment }) },
  /** What had been told as paid came back to the provider: it is owed again, and paid again later. */
  "refund.returned": { topic: "payment.events", data: RefundMoved.extend({ returnedAtMs: moment }) },
} as const satisfies Record<string, { topic: Topic; data: z.ZodType }>;

export type MessageType = keyof typeof MESSAGES;
export type MessageData<T extends MessageType> = z.infer<(typeof MESSAGES)[T]["data"]>;

/**
 * CloudEvents 1.0 (JSON format) with one extension: `version`, which grows with each change of the same `subject`, so that a
 * projection can tell an old message from a new one. `id` is the outbox row's, the same at every delivery.
 */
export const Envelope = z.object({
  specversion: z.literal("1.0"),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal("application/json"),
  /** `urn:bilten:<type>:<version of the data's form>`. */
  dataschema: z.string(),
  /** W3C Trace Context of the request that made the change. */
  traceparent: z.string().optional(),
  version: z.int(),
  data: z.unknown(),
});
export type Envelope = z.infer<typeof Envelope>;

export const schemaOf = (type: MessageType): string => `urn:bilten:${type}:1`;
