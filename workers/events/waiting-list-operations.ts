/** The pages of the waiting list in the OpenAPI document. */
import { Hold } from "../../shared/contracts/holds";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import { hold, ticketType } from "./operation-examples";

const entry: WaitlistEntry = {
  id: "0197f3d0-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
  eventId: ticketType.eventId,
  state: "offered",
  ticketTypeIds: [ticketType.id],
  quantity: 2,
  priority: 0,
  email: "ada@bilten.example",
  name: "Ada",
  joinedAt: "2027-05-01T10:00:00.000Z",
  offer: {
    ticketTypeId: ticketType.id,
    name: "Standing",
    quantity: 2,
    offeredAt: "2027-05-02T10:00:00.000Z",
    expiresAt: "2027-05-03T10:00:00.000Z",
  },
};
const waiting: WaitlistEntry = { ...entry, state: "waiting", offer: null };

const BY_WHOM = "By the person who waits, signed in or by the secret in his mail";

export const waitingListOperations = {
  joinWaitlist: {
    operationId: "joinWaitlist",
    summary: "Wait for tickets",
    description:
      "Offers go out in order, by priority and then by time, the moment tickets come back, and nobody is overtaken: what there is of a type that somebody waits for is on sale to nobody else. Where there is enough already the offer is made at once. One entry a person, by his mail address however it is spelled. Members (`events:write`) add others by `email` and give `priority`.",
    tags: ["waitlist"],
    requestExample: { ticketTypeIds: [ticketType.id], quantity: 2, name: "Ada" },
    answers: { 201: { description: "The entry", schema: WaitlistEntry, example: waiting } },
    refusals: [
      "forbidden",
      "email_not_verified",
      "event_not_found",
      "waitlist_closed",
      "event_not_on_sale",
      "ticket_type_not_found",
      "quantity_out_of_range",
      "ticket_type_not_on_sale",
      "waitlist_full",
      "already_waiting",
      "person_limit",
      "overloaded",
    ],
  },
  listWaitlist: {
    operationId: "listWaitlist",
    summary: "Who waits",
    description: "In the order of joining. Members who may read orders (`orders:read`) read all entries, anybody else his own.",
    tags: ["waitlist"],
    answers: {
      200: { description: "Some of them", schema: listOf(WaitlistEntry), example: { data: [entry], nextCursor: null } },
    },
    refusals: ["invalid_cursor", "event_not_found", "overloaded"],
  },
  getWaitlistEntry: {
    operationId: "getWaitlistEntry",
    summary: "One entry of the waiting list",
    description: `${BY_WHOM}, or by a member (\`orders:read\` or \`events:write\`).`,
    tags: ["waitlist"],
    answers: { 200: { description: "The entry", schema: WaitlistEntry, example: entry } },
    refusals: ["waitlist_entry_not_found", "overloaded"],
  },
  leaveWaitlist: {
    operationId: "leaveWaitlist",
    summary: "Leave the waiting list",
    description: `${BY_WHOM}, or by a member (\`events:write\`). An offer that stands goes to the next; one that was ordered is its order's. Again is the same answer.`,
    tags: ["waitlist"],
    answers: { 204: { description: "The entry waits no more" } },
    refusals: ["forbidden", "waitlist_entry_not_found", "hold_in_use", "overloaded"],
  },
  confirmWaitlistEntry: {
    operationId: "confirmWaitlistEntry",
    summary: "Confirm an address",
    description:
      "By the secret in the mail to the entry's address, which a guest has named: his entry waits from now on, behind those who wait already. One that waits already is the same answer as it stands.",
    tags: ["waitlist"],
    requestExample: {},
    answers: { 200: { description: "The entry", schema: WaitlistEntry, example: waiting } },
    refusals: ["forbidden", "waitlist_entry_not_found", "waitlist_closed", "event_not_on_sale", "already_waiting", "overloaded"],
  },
  acceptOffer: {
    operationId: "acceptOffer",
    summary: "Accept an offer",
    description: `${BY_WHOM}. The answer is a hold, from which an order is made; it ends when the offer does and is not extended. Again is the same answer while it lives.`,
    tags: ["waitlist"],
    requestExample: {},
    answers: { 200: { description: "The hold with the tickets", schema: Hold, example: hold } },
    refusals: ["forbidden", "waitlist_entry_not_found", "offer_not_open", "overloaded"],
  },
  declineOffer: {
    operationId: "declineOffer",
    summary: "Decline an offer",
    description: `${BY_WHOM}. The tickets go to the next at once. An offer that is over is the same answer.`,
    tags: ["waitlist"],
    requestExample: {},
    answers: { 204: { description: "The tickets are somebody else's now" } },
    refusals: ["forbidden", "waitlist_entry_not_found", "offer_not_open", "hold_in_use", "overloaded"],
  },
} as const satisfies Record<string, Operation>;
