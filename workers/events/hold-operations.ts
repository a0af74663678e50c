/** The pages of holds in the OpenAPI document. */
import { Hold } from "../../shared/contracts/holds";
import type { ProblemCode } from "../../shared/contracts/problems";
import type { Operation } from "../../shared/http/operation";
import * as example from "./operation-examples";

const holdRefusals = [
  "event_not_on_sale",
  "ticket_type_not_found",
  "ticket_type_not_on_sale",
  "quantity_out_of_range",
  "seats_required",
  "seat_count_mismatch",
  "seat_unknown",
  "seat_repeated",
  "seat_taken",
  "seat_orphaned",
  "seat_for_companion",
  "sold_out",
  "holder_limit",
  "hold_expired",
  "hold_released",
  "overloaded",
] as const satisfies ProblemCode[];

export const holdOperations = {
  placeHold: {
    operationId: "placeHold",
    summary: "Hold tickets for a while",
    description:
      "All lines or none; with `partial` each line as much as there is, told by `asked` and `refused`. The secret reads, changes, releases and orders the hold; a signed-in buyer needs none, an API key does. To a session of an organizer's host only that organizer's events are there.",
    tags: ["holds"],
    requestExample: example.holdDraft,
    answers: { 201: { description: "The hold", schema: Hold, example: example.hold } },
    refusals: ["invalid_idempotency_key", "event_not_found", ...holdRefusals, "idempotency_key_reused"],
    takesIdempotencyKey: true,
  },
  getHold: {
    operationId: "getHold",
    summary: "A hold of one's own",
    tags: ["holds"],
    answers: { 200: { description: "The hold", schema: Hold, example: example.hold } },
    refusals: ["hold_not_found", "hold_expired", "hold_released", "overloaded"],
  },
  changeHold: {
    operationId: "changeHold",
    summary: "Hold other tickets instead",
    description:
      "The lines that shall stand, all of them or no change; with `partial` as much of each as there is. The end stays, and so does the price of what was held before.",
    tags: ["holds"],
    requestExample: example.holdDraft,
    answers: { 200: { description: "The hold as it stands now", schema: Hold, example: example.hold } },
    refusals: ["hold_not_found", "hold_in_use", ...holdRefusals],
  },
  extendHold: {
    operationId: "extendHold",
    summary: "Keep a hold for longer",
    description:
      "Its end moves out to `holdSeconds` from now, never beyond `extendableUntil`, never in. At that end it is the same answer unchanged.",
    tags: ["holds"],
    requestExample: {},
    answers: { 200: { description: "The hold as it stands now", schema: Hold, example: example.extendedHold } },
    refusals: ["hold_not_found", "hold_in_use", "hold_expired", "hold_released", "event_not_on_sale", "overloaded"],
  },
  reacquireHold: {
    operationId: "reacquireHold",
    summary: "Hold again what an expired hold had",
    description:
      "The same lines while stock lasts, at most three times, at today's prices: `repriced` tells those that differ. A hold that still lives is the same answer unchanged.",
    tags: ["holds"],
    requestExample: {},
    answers: { 200: { description: "The hold as it stands now", schema: Hold, example: example.reacquiredHold } },
    refusals: ["hold_not_found", "hold_in_use", ...holdRefusals],
  },
  releaseHold: {
    operationId: "releaseHold",
    summary: "Give a hold back",
    tags: ["holds"],
    answers: { 204: { description: "The tickets are on sale again" } },
    refusals: ["hold_not_found", "hold_in_use", "overloaded"],
  },
} as const satisfies Record<string, Operation>;
