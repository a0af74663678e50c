/** The domain's pages in the OpenAPI document. */
import { z } from "zod";
import { AvailabilityFrame } from "../../shared/contracts/availability";
import { CheckIn } from "../../shared/contracts/check-ins";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import { Timestamp } from "../../shared/contracts/ids";
import type { ProblemCode } from "../../shared/contracts/problems";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import * as example from "./operation-examples";

const MAY_BE_CACHED = "A published public event may be up to 2 s old here; `If-None-Match` is honoured.";
const CHANGES = "Changes the fields present and leaves the others; `If-Match` is optional.";
const ASKS_FIRST = "Once the event is published, what is on sale decides whether the change is possible.";

const LIVE = `With \`Upgrade: websocket\` (RFC 6455) it streams, from any origin and without a subprotocol; of a private event to members only, who
send their credential with the upgrade. What is refused is refused before the upgrade: 404, a draft 409, and 503 with \`Retry-After\` when as
many listen as may. Each text frame is a JSON object with \`type\`, \`version\` and \`asOf\`:

- \`state\`: everything, as this operation answers it but for \`reserved\`. It comes first, at once, and again when more than numbers change; it replaces all before.
- \`change\`: \`{ id, available, status }\` of the ticket types that have changed, at most every 250 ms, and none while nothing changes:
  \`${JSON.stringify(example.availabilityChange)}\`
- \`end\`: the event is \`cancelled\` or \`completed\`; the socket closes after it with code 1000.

\`version\` grows with each change; a frame whose version is not above the last one's is to be ignored, and so are unknown types. The one
message to send is the text \`ping\`, answered by \`pong\`: at least every 5 minutes, or the socket is closed with 1001. Anything else closes it
with 1008; 1008 with \`private\` says that the event is no longer public, 1012 that a member must
connect anew. After any code but 1000 and 1008 a client may connect again, after a pause of a second at first, with jitter, doubled each time.`;

/** What may stand against any change of an event, its types or its pools. */
export const changeRefusals = [
  "event_state",
  "state_moved",
  "version_stale",
  "dates_inconsistent",
  "currency_mixed",
  "quantity_out_of_range",
  "settings_inconsistent",
  "tiers_inconsistent",
  "pool_unknown",
  "pool_inconsistent",
  "seat_map_required",
  "capacity_below_sold",
  "overloaded",
] as const satisfies ProblemCode[];

const eventAnswer = (description: string, shown: PublishedEvent = example.published) => ({
  description,
  schema: PublishedEvent,
  example: shown,
});
const gone = (description: string) => ({ description });

export const operations = {
  createEvent: {
    operationId: "createEvent",
    summary: "Draft an event",
    description: "Only its organizer's members see it until it is published.",
    tags: ["events"],
    requestExample: example.eventDraft,
    answers: { 201: eventAnswer("The draft", example.event) },
    refusals: ["settings_inconsistent", "tiers_inconsistent", "pool_unknown"],
  },
  listEvents: {
    operationId: "listEvents",
    summary: "Events, soonest first",
    description:
      "Everybody: published public events, with `status` those that are cancelled or completed. Members who name their `organizerId`: their drafts and private events too.",
    tags: ["events"],
    answers: {
      200: {
        description: "A page of events",
        schema: listOf(PublishedEvent),
        example: { data: [example.published], nextCursor: null },
      },
    },
    refusals: ["invalid_cursor"],
  },
  getEvent: {
    operationId: "getEvent",
    summary: "An event",
    description: `Drafts and private events are for members of their organizer. ${MAY_BE_CACHED}`,
    tags: ["events"],
    answers: { 200: eventAnswer("The event"), 304: gone("The copy named in `If-None-Match` is the current one") },
    refusals: ["event_not_found"],
  },
  updateEvent: {
    operationId: "updateEvent",
    summary: "Change an event",
    description: `${CHANGES} ${ASKS_FIRST} Another date, time, zone or place is told by mail to each who had ordered: once for all edits of some minutes, with what it was, what it is and the new calendar entry.`,
    tags: ["events"],
    requestExample: { capacity: 320, settings: { isPublic: false } },
    answers: { 200: eventAnswer("The event as it stands now") },
    refusals: changeRefusals,
  },
  deleteEvent: {
    operationId: "deleteEvent",
    summary: "Delete a draft",
    tags: ["events"],
    answers: { 204: gone("It is gone") },
    refusals: ["event_state", "state_moved", "version_stale"],
  },
  publishEvent: {
    operationId: "publishEvent",
    summary: "Publish an event and open its sale",
    description: "Again is the same answer.",
    tags: ["events"],
    requestExample: {},
    answers: { 200: eventAnswer("The published event") },
    refusals: ["event_incomplete", "event_state", "state_moved", "dates_inconsistent", "overloaded"],
  },
  cancelEvent: {
    operationId: "cancelEvent",
    summary: "Cancel an event",
    description:
      "Its sale and its doors close first. Orders that nobody has paid are cancelled, and every buyer is paid back what is left of his payment. Again is the same answer, and 200 once nothing that was paid for stands any more.",
    tags: ["events"],
    requestExample: { reason: "The venue is flooded" },
    answers: {
      200: eventAnswer("The cancelled event", { ...example.published, status: "cancelled" }),
      202: eventAnswer("The cancelled event, its refunds under way", { ...example.published, status: "cancelled" }),
    },
    refusals: [
      "invalid_idempotency_key",
      "event_state",
      "state_moved",
      "request_in_progress",
      "idempotency_key_reused",
      "overloaded",
    ],
    takesIdempotencyKey: true,
  },
  completeEvent: {
    operationId: "completeEvent",
    summary: "Complete an event",
    description: "Its sale closes; tickets are still admitted. Again is the same answer.",
    tags: ["events"],
    requestExample: {},
    answers: { 200: eventAnswer("The completed event", { ...example.published, status: "completed" }) },
    refusals: ["event_state", "state_moved", "overloaded"],
  },
  listTicketTypes: {
    operationId: "listTicketTypes",
    summary: "An event's ticket types, in its organizer's order",
    tags: ["ticket types"],
    answers: {
      200: { description: "All of them", schema: listOf(TicketType), example: { data: [example.ticketType], nextCursor: null } },
    },
    refusals: ["event_not_found"],
  },
  createTicketType: {
    operationId: "createTicketType",
    summary: "Add a ticket type",
    description: ASKS_FIRST,
    tags: ["ticket types"],
    requestExample: example.typeDraft,
    answers: { 201: { description: "The ticket type", schema: TicketType, example: example.ticketType } },
    refusals: changeRefusals,
  },
  updateTicketType: {
    operationId: "updateTicketType",
    summary: "Change a ticket type",
    description: `${CHANGES} ${ASKS_FIRST} Holds keep the price that they were placed at.`,
    tags: ["ticket types"],
    requestExample: { price: { amount: 2800, currency: "EUR" }, quantity: 320 },
    answers: { 200: { description: "The ticket type as it stands now", schema: TicketType, example: example.ticketType } },
    refusals: ["ticket_type_not_found", ...changeRefusals],
  },
  deleteTicketType: {
    operationId: "deleteTicketType",
    summary: "Remove a ticket type that nobody holds or has bought",
    tags: ["ticket types"],
    answers: { 204: gone("It is gone") },
    refusals: ["ticket_type_not_found", "ticket_type_in_use", "event_incomplete", ...changeRefusals],
  },
  listTickets: {
    operationId: "listTickets",
    summary: "What is on sale and what is left, as it stands now",
    description:
      "Strongly consistent: it is asked of the one object that sells. For pages that many look at there is `availability`.",
    tags: ["ticket types"],
    answers: {
      200: {
        description: "The ticket types",
        schema: z.object({ data: z.array(AvailableTicketType) }),
        example: { data: [example.available] },
      },
    },
    refusals: ["event_not_found", "overloaded"],
  },
  getAvailability: {
    operationId: "getAvailability",
    summary: "What is on sale and what is left, at most a second old, or as a stream of changes",
    description: LIVE,
    tags: ["ticket types"],
    answers: {
      101: {
        description: "To an upgrade: each text frame is one of these",
        schema: AvailabilityFrame,
        example: example.availabilityState,
      },
      200: {
        description: "A snapshot",
        schema: z.object({ data: z.array(AvailableTicketType), asOf: Timestamp }),
        example: { data: [example.available], asOf: "2027-03-02T12:00:00.000Z" },
      },
    },
    refusals: ["event_not_found", "event_state", "overloaded"],
  },
  checkIn: {
    operationId: "checkIn",
    summary: "Admit a ticket",
    description:
      "Once. The same nonce and code again is the first answer, a refusal too; a nonce belongs to one code of an event and device.",
    tags: ["check-in"],
    requestExample: example.scan,
    answers: {
      201: {
        description: "Come in",
        schema: CheckIn,
        example: { result: "admitted", ticket: example.ticket, admittedAt: "2027-06-01T17:31:04.120Z" },
      },
    },
    refusals: ["ticket_unknown", "already_admitted", "ticket_void", "nonce_reused", "overloaded"],
  },
} as const satisfies Record<string, Operation>;
