/** What Bilten asks of a payment provider. A provider turns its own words into these and decides nothing. */
import type { NextAction, PaymentDraft, ProviderName } from "../../../shared/contracts/orders";
import type { Refusal } from "../../../shared/contracts/problems";
import type { Result } from "../../../shared/contracts/result";
import type { PaymentFact, PaymentState } from "../order-states";
import type { RefundFact } from "../refund-states";

/** What the buyer chose to pay with, as a provider's token; stored with the payment, so that it may be looked up after a kill. */
export type Method = {
  token?: string;
  /** Of the provider `test`: what a real one says of a card. */
  fingerprint?: string;
};

/** One try to get the money. `paymentId` is the provider's idempotency key: the same intent twice is one payment there. */
export interface PaymentIntent {
  paymentId: string;
  orderId: string;
  amountMinor: number;
  /** ISO 4217. */
  currency: string;
  method: Method;
  returnUrl: string | null;
  /** The provider's own name of the payment, null where it has not said one yet. */
  reference: string | null;
  /** When the order ends, unless a payment moves that out. */
  expiresAtMs: number;
  /** How it stands here. */
  state: PaymentState;
  /** When the provider may first have heard of it; null: it has not been asked. */
  askedAtMs: number | null;
}

export interface ProviderOutcome {
  status: "requires_action" | "processing" | "succeeded" | "failed";
  /** The provider's own name of the payment; null where it made none. */
  reference: string | null;
  nextAction?: NextAction;
  failureCode?: string;
}

/**
 * Money on its way back. `refundId` with `generation` is the provider's idempotency key: the row stands before the provider is asked
 * (rule 18), and a new generation is asked for only after the provider has refused the one before for good.
 */
export interface RefundIntent {
  refundId: string;
  generation: number;
  paymentId: string;
  /** The provider's own name of the payment, null where it never said one. */
  paymentReference: string | null;
  amountMinor: number;
  currency: string;
}

export interface RefundOutcome {
  status: "pending" | "succeeded" | "failed";
  /** The provider's own name of the refund; null where it made none. */
  reference: string | null;
  failureCode?: string;
}

/** One event of a webhook, verified. `eventId` is the provider's, and counts once for ever. */
export interface ProviderEvent {
  eventId: string;
  type: string;
  /** What it says of which payment or refund of ours; null where it is about neither, which is kept and counts nothing. */
  word: ProviderWord | null;
}

export type ProviderWord =
  | { paymentId: string; fact: PaymentFact; failureCode: string | null; reference: string | null }
  | { paymentId: string; refundId: string; fact: RefundFact; failureCode: string | null; reference: string | null };

export interface PaymentProvider {
  readonly name: ProviderName;
  /** How long the buyer may take from here, for which the order's end is moved out (rule 13); null: the order keeps its end. */
  readonly payableForMs: number | null;
  /** Whether this provider can take what the buyer chose, before any work. */
  readMethod(method: PaymentDraft["paymentMethod"]): Result<Method, Refusal<"invalid_body">>;
  /** Whether this provider can take that much of this currency at all, asked before any row is written. */
  checkAmount?(amountMinor: number, currency: string): Refusal<"amount_not_payable"> | null;
  /**
   * For a provider that takes only so many payments a second: reserves the moment at which the next `createPayment` may start, in
   * milliseconds since 1970. Null where the line is longer than `withinMs`; nothing is reserved then.
   */
  takeTurn?(withinMs: number): Promise<number | null>;
  /** A refusal of the bank is an outcome; an exception means that nobody knows, and `lookUp` will. */
  createPayment(intent: PaymentIntent): Promise<ProviderOutcome>;
  /** On the body as it came, before anything reads it. */
  verifyWebhook(
    body: Uint8Array<ArrayBuffer>,
    headers: Headers,
    nowMs: number,
  ): Promise<Result<ProviderEvent, Refusal<"invalid_signature">>>;
  /**
   * What a stored event of a webhook counts for when its turn comes: an old word is asked again, and a success must name our sum.
   * An exception leaves the event waiting, where it is seen.
   */
  weigh?(body: string, intent: PaymentIntent): Promise<ProviderOutcome | null>;
  /** How an intent stands there; null when it never arrived. Asked after a timeout or a kill, in place of trying blindly (rule 18). */
  lookUp(intent: PaymentIntent): Promise<ProviderOutcome | null>;
  /**
   * What tells one means of payment from another, and stays the same over all payments with it; null where a payment has none. Asked of
   * what was paid.
   */
  fingerprintOf?(intent: PaymentIntent): Promise<string | null>;
  /** The buyer comes with another card: nothing more may come of this intent. How it stands then: money may have come first. */
  cancelPayment(intent: PaymentIntent): Promise<ProviderOutcome>;
  /** Asked again with the same id, it is the same refund and how it stands. */
  refundPayment(refund: RefundIntent): Promise<RefundOutcome>;
}

const FACT_OF_STATUS: Record<ProviderOutcome["status"], PaymentFact> = {
  requires_action: "payment_action_required",
  processing: "payment_processing",
  succeeded: "payment_succeeded",
  failed: "payment_failed",
};

export const factOf = (outcome: ProviderOutcome): PaymentFact => FACT_OF_STATUS[outcome.status];

const FACT_OF_REFUND: Record<RefundOutcome["status"], RefundFact> = {
  pending: "refund_pending",
  succeeded: "refund_succeeded",
  failed: "refund_failed",
};

export const factOfRefund = (outcome: RefundOutcome): RefundFact => FACT_OF_REFUND[outcome.status];
