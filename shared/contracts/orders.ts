import { z } from "zod";
import type { DomainRpc } from "./domain";
import { MAX_LINES, MAX_PER_ORDER } from "./events";
import { HoldLine } from "./holds";
import { Id, Timestamp } from "./ids";
import { Money } from "./money";
import { NamedSeats } from "./seats";

/**
 * An e-mail address as mail systems take it (RFC 5321 lengths, no quoted local part, no control characters): compared in lower case,
 * kept as typed.
 */
export const Email = z.email().max(254).meta({ example: "ada@bilten.example" });
/** A person's name: any script, no control characters (they end up in mail headers and on paper), none that turn the direction. */
export const PersonName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u, "no control characters")
  // Half a character is no text that can be stored and read back the same.
  .refine((name) => name.isWellFormed(), "no lone surrogates");

export const Buyer = z.strictObject({ email: Email, name: PersonName }).meta({ id: "Buyer" });

export const OrderDraft = z
  .strictObject({
    eventId: Id,
    items: z.array(HoldLine).min(1).max(MAX_LINES).optional(),
    holdId: Id.optional(),
    holdSecret: z.string().min(1).max(200).optional(),
    buyer: Buyer,
    voucherCode: z.string().min(1).max(64).optional(),
    attendees: z
      .array(Buyer)
      .max(MAX_LINES * MAX_PER_ORDER)
      .optional(),
  })
  .refine((draft) => (draft.items !== undefined) !== (draft.holdId !== undefined), {
    path: ["items"],
    message: "either items or holdId",
  })
  .refine((draft) => (draft.holdId !== undefined) === (draft.holdSecret !== undefined), {
    path: ["holdSecret"],
    message: "goes with holdId",
  })
  .meta({ id: "OrderDraft" });
export type OrderDraft = z.infer<typeof OrderDraft>;

export const ORDER_STATUSES = ["pending", "paid", "expired", "cancelled", "refunded", "partially_refunded"] as const;

export const Order = z
  .object({
    id: Id,
    eventId: Id,
    organizerId: Id,
    status: z.enum(ORDER_STATUSES),
    expiresAt: Timestamp,
    items: z.array(
      z.object({
        ticketTypeId: Id,
        name: z.string(),
        quantity: z.int(),
        unitPrice: Money,
        seatIds: z.array(z.string()).optional(),
        seats: NamedSeats.optional().meta({
          description: "As they were ordered; where a ticket's seat is now, the ticket tells",
        }),
      }),
    ),
    subtotal: Money,
    discount: Money,
    fees: Money,
    tax: Money,
    total: Money,
    buyer: z.object({ email: z.string(), name: z.string() }),
    createdAt: Timestamp,
    accessToken: z
      .string()
      .optional()
      .meta({ description: "For a guest, in the answer to POST /orders: reads, pays and cancels this order" }),
  })
  .meta({ id: "Order" });
export type Order = z.infer<typeof Order>;

export const PROVIDERS = ["stripe", "paypal", "bank_transfer", "crypto", "mobile_money", "test"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

export const PaymentDraft = z
  .strictObject({
    orderId: Id,
    provider: z.enum(PROVIDERS),
    paymentMethod: z
      .looseObject({
        token: z.string().min(1).max(200).optional(),
        fingerprint: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .meta({ description: "Of the provider `test` alone: the same card has the same one" }),
      })
      .optional(),
    returnUrl: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
  })
  .meta({ id: "PaymentDraft" });
export type PaymentDraft = z.infer<typeof PaymentDraft>;

export const PAYMENT_STATUSES = [
  "requires_action",
  "processing",
  "succeeded",
  "failed",
  "refunded",
  "partially_refunded",
] as const;

export const NextAction = z.discriminatedUnion("type", [
  z.object({ type: z.literal("redirect"), url: z.string() }),
  z.object({ type: z.literal("client_secret"), clientSecret: z.string() }),
  z.looseObject({ type: z.literal("instructions") }),
]);
export type NextAction = z.infer<typeof NextAction>;

export const Payment = z
  .object({
    id: Id,
    orderId: Id,
    provider: z.enum(PROVIDERS),
    status: z.enum(PAYMENT_STATUSES),
    amount: Money,
    nextAction: NextAction.optional(),
    failureCode: z.string().optional(),
    createdAt: Timestamp,
  })
  .meta({ id: "Payment" });
export type Payment = z.infer<typeof Payment>;

export const PaymentProcessed = z.object({ payment: Payment, order: Order }).meta({ id: "PaymentProcessed" });

export const MAX_REFUND_REASON = 500;
export const RefundDraft = z
  .strictObject({
    amount: Money.refine(({ amount }) => amount > 0, { path: ["amount"], message: "is not more than nothing" }).optional(),
    ticketIds: z
      .array(Id)
      .min(1)
      .max(MAX_LINES * MAX_PER_ORDER)
      .optional(),
    reason: z.string().trim().min(1).max(MAX_REFUND_REASON),
  })
  .meta({ id: "RefundDraft" });
export type RefundDraft = z.infer<typeof RefundDraft>;

export const REFUND_STATUSES = ["pending", "succeeded", "failed"] as const;
export const Refund = z
  .object({ id: Id, paymentId: Id, amount: Money, status: z.enum(REFUND_STATUSES), createdAt: Timestamp })
  .meta({ id: "Refund" });
export type Refund = z.infer<typeof Refund>;

export const OrderPayment = Payment.extend({ refunds: z.array(Refund) }).meta({ id: "OrderPayment" });
export type OrderPayment = z.infer<typeof OrderPayment>;

/** `surplus`: the money bought nothing. `event_cancelled`: the organizer called the event off. */
export const REFUND_REASONS = ["surplus", "requested", "event_cancelled"] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/**
 * Why money bought nothing: the stock was gone, the order or its event had ended, the order was paid already, or its buyer has as many
 * tickets as one person may.
 */
export const SURPLUS_CAUSES = ["sold_out", "order_ended", "paid_twice", "person_limit"] as const;
export type SurplusCause = (typeof SURPLUS_CAUSES)[number];

/** What a mail about a refund needs; names and addresses are asked for, never sent (rule 21). */
export interface RefundFacts extends Refund {
  orderId: string;
  eventId: string;
  organizerId: string;
  reason: RefundReason;
  /** Of a surplus alone; null where it was not written down. */
  cause: SurplusCause | null;
  /** What it paid back with the tickets; none where it was an amount alone, or the money had bought nothing. */
  ticketIds: string[];
  buyer: Order["buyer"];
  userId: string | null;
  /** Opens the order for a guest's link in a mail. */
  guestAccessToken: string;
  /** What the buyer reads (BCP 47, one of ours), as the request said in which it was ordered; null where it did not. */
  language: string | null;
}

/** What a confirmation and a statistic need of an order; names and addresses are asked for, never sent (rule 21). */
export interface OrderFacts extends Order {
  userId: string | null;
  paidAt: string | null;
  /** Opens the order for a guest's link in a mail. */
  guestAccessToken: string;
  /** What the buyer reads (BCP 47, one of ours), as the request said in which it was ordered; null where it did not. */
  language: string | null;
}

export interface PaymentsRpc extends DomainRpc {
  /** Orders by id, those that exist; at most 100 ids. */
  orders(ids: string[]): Promise<OrderFacts[]>;
  /** Orders whose tickets the event's cancellation took, at most 100 behind the cursor; again from the start where it is null. */
  calledOffOrders(eventId: string, cursor: string | null): Promise<{ orderIds: string[]; nextCursor: string | null }>;
  /** Paid orders of an event that stands, placed before then (milliseconds since 1970), at most 100 behind the cursor. */
  standingOrders(
    eventId: string,
    beforeMs: number,
    cursor: string | null,
  ): Promise<{ orderIds: string[]; nextCursor: string | null }>;
  /** Refunds by id, those that exist; at most 100 ids. */
  refunds(ids: string[]): Promise<RefundFacts[]>;
}
