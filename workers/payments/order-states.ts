/** What an order and a payment may become, as tables (rule 17). A fact that a state does not name changes nothing. */
import type { ORDER_STATUSES, PAYMENT_STATUSES } from "../../shared/contracts/orders";

export type OrderState =
  | "pending"
  | "expired"
  | "cancelled"
  | "paid"
  /** Money came and the stock was gone: owed back. */
  | "late_paid"
  /** Money came after the cancellation, or from somebody who may have no more: owed back. */
  | "cancelled_paid"
  | "partially_refunded"
  | "refunded";

export type OrderFact =
  /** The money is there and the event's object made the tickets. */
  | "confirmed"
  /** The money is there and the object has nothing left to give for it. */
  | "money_without_stock"
  /** The money is there and the object gave the stock back for good, or its event is over: what was released first stays so. */
  | "money_after_release"
  /** The money is there and its buyer has as many tickets as one may: the object gave the stock back for good. */
  | "money_over_limit"
  /** The hold's end passed and the object gave the stock back, until late money asks for it again. */
  | "ended"
  /** The object gave the stock back for good: a cancellation. */
  | "released"
  | "partially_refunded"
  | "refunded";

/**
 * `expired` is no last word: an order's end takes its stock, not its chance. With late money the object is asked again, and gives what
 * is still there. Whether `confirmed` or `released` may be said at all is the object's decision (rule 12); this table records it.
 */
export const ORDER_NEXT = {
  pending: {
    confirmed: "paid",
    money_without_stock: "late_paid",
    money_after_release: "cancelled_paid",
    money_over_limit: "cancelled_paid",
    ended: "expired",
    released: "cancelled",
  },
  expired: {
    confirmed: "paid",
    money_without_stock: "late_paid",
    money_after_release: "cancelled_paid",
    money_over_limit: "cancelled_paid",
    released: "cancelled",
  },
  cancelled: { money_after_release: "cancelled_paid" },
  paid: { partially_refunded: "partially_refunded", refunded: "refunded" },
  late_paid: { refunded: "refunded" },
  cancelled_paid: { refunded: "refunded" },
  partially_refunded: { partially_refunded: "partially_refunded", refunded: "refunded" },
  refunded: {},
} as const satisfies Record<OrderState, Partial<Record<OrderFact, OrderState>>>;

export const nextOrderState = (state: OrderState, fact: OrderFact): OrderState | null =>
  (ORDER_NEXT[state] as Partial<Record<OrderFact, OrderState>>)[fact] ?? null;

export type OrderStatus = (typeof ORDER_STATUSES)[number];

const ORDER_STATUS: Record<OrderState, OrderStatus> = {
  pending: "pending",
  expired: "expired",
  cancelled: "cancelled",
  paid: "paid",
  late_paid: "expired",
  cancelled_paid: "cancelled",
  partially_refunded: "partially_refunded",
  refunded: "refunded",
};

/**
 * The wire's word. What is not paid is expired the moment its end has passed, whether or not a sweep has written that down, and is
 * pending again where the object has given it another end.
 */
export const orderStatus = (state: OrderState, expiresAtMs: number, nowMs: number): OrderStatus =>
  isPayable(state) ? (expiresAtMs > nowMs ? "pending" : "expired") : ORDER_STATUS[state];

/** Whether a payment may be begun; an expired order's needs its stock again first. */
export const isPayable = (state: OrderState): boolean => state === "pending" || state === "expired";

export type PaymentState =
  /** The row stands and the provider has not answered yet. */
  "initiated" | "requires_action" | "processing" | "succeeded" | "failed" | "partially_refunded" | "refunded";

/** What a provider says of a payment. */
export type PaymentFact = "payment_action_required" | "payment_processing" | "payment_succeeded" | "payment_failed";
/** What a refund that succeeded leads to. */
export type ReturnFact = "payment_refunded" | "payment_partially_refunded";

/** Providers deliver in any order: `processing` after `succeeded` says nothing, `succeeded` after `failed` is money all the same. */
export const PAYMENT_NEXT = {
  initiated: {
    payment_action_required: "requires_action",
    payment_processing: "processing",
    payment_succeeded: "succeeded",
    payment_failed: "failed",
  },
  requires_action: { payment_processing: "processing", payment_succeeded: "succeeded", payment_failed: "failed" },
  processing: { payment_succeeded: "succeeded", payment_failed: "failed" },
  failed: { payment_succeeded: "succeeded" },
  succeeded: { payment_partially_refunded: "partially_refunded", payment_refunded: "refunded" },
  partially_refunded: { payment_partially_refunded: "partially_refunded", payment_refunded: "refunded" },
  refunded: {},
} as const satisfies Record<PaymentState, Partial<Record<PaymentFact | ReturnFact, PaymentState>>>;

export const nextPaymentState = (state: PaymentState, fact: PaymentFact | ReturnFact): PaymentState | null =>
  (PAYMENT_NEXT[state] as Partial<Record<PaymentFact | ReturnFact, PaymentState>>)[fact] ?? null;

/** Why a payment that waited for its buyer failed: he came with another one. */
export const SUPERSEDED = "superseded";
/** Because what he would pay for has ended. */
export const ABANDONED = "abandoned";

export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const paymentStatus = (state: PaymentState): PaymentStatus => (state === "initiated" ? "processing" : state);

export const isLive = (state: PaymentState): boolean =>
  state === "initiated" || state === "requires_action" || state === "processing";
