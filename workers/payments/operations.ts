/** The domain's pages in the OpenAPI document. */
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events";
import { Order, OrderPayment, Payment, PaymentProcessed, Refund } from "../../shared/contracts/orders";
import type { ProblemCode } from "../../shared/contracts/problems";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import { Backlog } from "./backlog";
import { LedgerPage } from "./ledger-views";
import * as example from "./operation-examples";

export const OrderTickets = z.object({ data: z.array(Ticket) });
export const OrderPayments = z.object({ data: z.array(OrderPayment) });
export const WebhookReceived = z.object({ received: z.literal(true) });
export const TestSettled = z.object({ settled: z.literal(true) });

/** Beside the answers of the work itself. */
const keyRefusals = ["invalid_idempotency_key", "idempotency_key_reused", "request_in_progress"] as const satisfies ProblemCode[];

const orderAnswer = (description: string, shown: Order) => ({ description, schema: Order, example: shown });
const orderPage = {
  description: "A page of orders",
  schema: listOf(Order),
  example: { data: [example.paidOrder], nextCursor: null },
};
const webhook = {
  summary: "A payment provider's webhook",
  tags: ["payments"] as [string],
  answers: { 200: { description: "Stored", schema: WebhookReceived, example: { received: true } } },
  refusals: ["not_found", "invalid_signature", "payload_too_large"] as const satisfies ProblemCode[],
};

export const operations = {
  createOrder: {
    operationId: "createOrder",
    summary: "Order tickets",
    description:
      "As a guest or signed in, from `items` or from a hold. Prices are frozen from here on. A guest's answer has an `accessToken`, which reads, pays and cancels this order. An API key does all that with the orders that it placed itself, and with no other of its maker's. To a session of an organizer's host only that organizer's events are there. A total of zero is `paid` at once.",
    tags: ["orders"],
    requestExample: example.orderDraft,
    answers: { 201: orderAnswer("The order; with the same key, as it was answered first", example.guestOrder) },
    refusals: [
      "credential_invalid",
      "event_not_found",
      "hold_not_found",
      "ticket_type_not_found",
      "event_not_on_sale",
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
      "person_limit",
      "holder_limit",
      "hold_expired",
      "hold_released",
      "hold_in_use",
      "order_not_payable",
      "overloaded",
      "invalid_idempotency_key",
      "idempotency_key_reused",
    ],
    takesIdempotencyKey: true,
  },
  getOrder: {
    operationId: "getOrder",
    summary: "An order",
    description: "For its buyer, the bearer of its token, members with `orders:read`, and admins.",
    tags: ["orders"],
    answers: { 200: orderAnswer("The order", example.paidOrder) },
    refusals: ["order_not_found"],
  },
  getOrderTickets: {
    operationId: "getOrderTickets",
    summary: "An order's tickets",
    description: "There as soon as the order reads `paid`. `code` is what the QR carries.",
    tags: ["orders"],
    answers: { 200: { description: "The tickets", schema: OrderTickets, example: { data: [example.ticket] } } },
    refusals: ["order_not_found", "overloaded"],
  },
  getOrderPayments: {
    operationId: "getOrderPayments",
    summary: "An order's payments, newest first, with their refunds",
    description:
      "For whoever may read the order: its buyer, the bearer of its token, members with `orders:read`, and admins. A payment's id is what `POST /payments/{paymentId}/refund` takes. None where nothing was to pay.",
    tags: ["orders"],
    answers: {
      200: {
        description: "The payments",
        schema: OrderPayments,
        example: { data: [{ ...example.payment, status: "partially_refunded", refunds: [example.refund] }] },
      },
    },
    refusals: ["order_not_found"],
  },
  cancelOrder: {
    operationId: "cancelOrder",
    summary: "Cancel an order that is not paid",
    description: "Cancelled already is the same answer again.",
    tags: ["orders"],
    answers: { 200: orderAnswer("The order, its tickets on sale again", example.cancelledOrder) },
    refusals: ["order_not_found", "forbidden", "order_not_cancellable", ...keyRefusals],
    takesIdempotencyKey: true,
  },
  listUserOrders: {
    operationId: "listUserOrders",
    summary: "A user's orders, newest first",
    description: "For that user and for admins. A session of an organizer's host lists what was bought there.",
    tags: ["orders"],
    answers: { 200: orderPage },
    refusals: ["user_not_found", "invalid_cursor"],
  },
  listEventOrders: {
    operationId: "listEventOrders",
    summary: "An event's orders, newest first",
    tags: ["orders"],
    answers: { 200: orderPage },
    refusals: ["invalid_cursor"],
  },
  processPayment: {
    operationId: "processPayment",
    summary: "Pay an order",
    description:
      "A declined payment is a success with `failed`: the order stays `pending` with its hold and may be paid again. An expired order gets its stock again while it lasts, a few times. A payment that still waits for the buyer (`requires_action`) fails with `superseded` when he pays anew, and with `abandoned` a day after its order's end; one that the provider has under way is a 409 `payment_in_progress`. Money that comes and buys nothing goes back by itself. A provider that this deployment has no secrets for is a 422, and so is a sum that the provider has no way to take (Stripe: a third decimal that is not 0, more than eight digits). Provider `stripe` takes the id of a PaymentMethod (`pm_…`) as `token`; without one the answer's `nextAction` has the client secret for the buyer's browser. When many pay at once the provider is asked in turn: a payment that still waits reads `processing`, and `GET /payments/{paymentId}` has its `nextAction` when its turn has come.",
    tags: ["payments"],
    requestExample: example.paymentDraft,
    answers: {
      200: {
        description: "The provider has decided",
        schema: PaymentProcessed,
        example: { payment: example.payment, order: example.paidOrder },
      },
      202: {
        description: "Under way: the buyer or the provider comes next",
        schema: PaymentProcessed,
        example: { payment: example.redirectedPayment, order: example.order },
      },
    },
    refusals: [
      "order_not_found",
      "forbidden",
      "order_not_payable",
      "payment_in_progress",
      "sold_out",
      "person_limit",
      "provider_not_configured",
      "amount_not_payable",
      "overloaded",
      ...keyRefusals,
    ],
    takesIdempotencyKey: true,
  },
  getPayment: {
    operationId: "getPayment",
    summary: "A payment",
    description:
      "For whoever may read its order. Its buyer hears `nextAction` again, with the client secret that the provider tells anew each time.",
    tags: ["payments"],
    answers: { 200: { description: "The payment", schema: Payment, example: example.payment } },
    refusals: ["payment_not_found"],
  },
  refundPayment: {
    operationId: "refundPayment",
    summary: "Pay a buyer back",
    description:
      "Without `amount` and `ticketIds`: all that is not yet refunded, and the tickets are void. `ticketIds` are made void and paid back by their share of the total, or by `amount` where that is given too. `amount` alone is money only, until it leaves nothing of the payment. A ticket that was admitted stays admitted. `failed` is no last word: the provider is asked again until the money is back. For owners, managers and finance, never for the buyer himself.",
    tags: ["payments"],
    requestExample: example.refundDraft,
    answers: {
      201: { description: "The refund as it stands after the provider was asked first", schema: Refund, example: example.refund },
    },
    refusals: [
      "payment_not_refundable",
      "refund_exceeds_payment",
      "amount_not_payable",
      "ticket_not_of_order",
      "overloaded",
      ...keyRefusals,
    ],
    takesIdempotencyKey: true,
  },
  listLedger: {
    operationId: "listLedger",
    summary: "An organizer's ledger, newest first",
    description:
      "Double entry: the entries of a transaction sum to zero in each currency, debits positive, credits negative, and nothing is ever changed afterwards. The first page also tells the balances of the whole ledger, summed up from the entries, and whether they agree with the payments and refunds. `provider_clearing` is money at the payment provider, `organizer_payable` what the organizer is owed, `buyer_refunds` what buyers are owed back and do not have yet. For owners, managers and finance, and for admins.",
    tags: ["payments"],
    answers: { 200: { description: "A page of transactions", schema: LedgerPage, example: example.ledgerPage } },
    refusals: ["invalid_cursor"],
  },
  showBacklog: {
    operationId: "showBacklog",
    summary: "What waits for the sweep",
    description:
      "What a killed request left half-way, or a provider has not answered, and the next sweep will take up: how much of each kind, how old the oldest is, and how much of it has failed already. Read live, for platform admins.",
    tags: ["payments"],
    answers: { 200: { description: "Each kind of work, also where none waits", schema: Backlog, example: example.backlog } },
    refusals: [],
  },
  receiveWebhook: {
    ...webhook,
    operationId: "receiveWebhook",
    description: "Of the platform's own account. Verified by its signature on the raw body, stored before the answer.",
  },
  receiveOrganizerWebhook: {
    ...webhook,
    operationId: "receiveOrganizerWebhook",
    description: "Of an organizer's own account, whose endpoint the path names.",
  },
  showTestPayment: {
    operationId: "showTestPayment",
    summary: "Pay or decline by hand (development)",
    tags: ["development"],
    answers: { 200: { description: "A page with two buttons", contentType: "text/html" } },
    refusals: ["not_found", "payment_not_found"],
  },
  settleTestPayment: {
    operationId: "settleTestPayment",
    summary: "Settle a test payment that asked for an action (development)",
    description: "`?outcome=declined` declines it. A browser is sent on to the payment's `returnUrl`.",
    tags: ["development"],
    answers: {
      200: {
        description: "The webhook was taken; the order is paid within a second",
        schema: TestSettled,
        example: { settled: true },
      },
      303: { description: "For a browser, to `returnUrl`" },
    },
    refusals: ["not_found", "payment_not_found"],
  },
} as const satisfies Record<string, Operation>;
