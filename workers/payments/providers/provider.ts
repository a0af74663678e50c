/** What Bilten asks of a payment provider. A provider turns its own words into these and decides nothing. */
import type { NextAction, PaymentDraft, ProviderName } from "../../../shared/contracts/orders";
import type { Refusal } from "../../../shared/contracts/problems";
import type { Result } from "../../../shared/contracts/result";
import type { PaymentFact } from "../order-states";

/** What the buyer chose to pay with, as a provider's token; stored with the payment, so that it may be looked up after a kill. */
export type Method = { token?: string };

/** One try to get the money. `paymentId` is the provider's idempotency key: the same intent twice is one payment there. */
export interface PaymentIntent {
  paymentId: string;
  orderId: string;
  amountMinor: number;
  /** ISO 4217. */
  currency: string;
  method: Method;
  returnUrl: string | null;
}

export interface ProviderOutcome {
  status: "requires_action" | "processing" | "succeeded" | "failed";
  /** The provider's own name of the payment. */
  reference: string;
  nextAction?: NextAction;
  failureCode?: string;
}

/** One event of a webhook, verified. `eventId` is the provider's, and counts once for ever. */
export interface ProviderEvent {
  eventId: string;
  type: string;
  paymentId: string;
  fact: PaymentFact;
  failureCode: string | null;
}

export interface PaymentProvider {
  readonly name: ProviderName;
  /** Whether this provider can take what the buyer chose, before any work. */
  readMethod(method: PaymentDraft["paymentMethod"]): Result<Method, Refusal<"invalid_body">>;
  /** A refusal of the bank is an outcome; an exception means that nobody knows, and `lookUp` will. */
  createPayment(intent: PaymentIntent): Promise<ProviderOutcome>;
  /** On the body as it came, before anything reads it. */
  verifyWebhook(
    body: Uint8Array<ArrayBuffer>,
    headers: Headers,
    nowMs: number,
  ): Promise<Result<ProviderEvent, Refusal<"invalid_signature">>>;
  /** How an intent stands there; null when it never arrived. Asked after a timeout or a kill, in place of trying blindly (rule 18). */
  lookUp(intent: PaymentIntent): Promise<ProviderOutcome | null>;
}

const FACT_OF_STATUS: Record<ProviderOutcome["status"], PaymentFact> = {
  requires_action: "payment_action_required",
  processing: "payment_processing",
  succeeded: "payment_succeeded",
  failed: "payment_failed",
};

export const factOf = (outcome: ProviderOutcome): PaymentFact => FACT_OF_STATUS[outcome.status];
