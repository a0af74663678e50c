/** What an event of Stripe's says of a payment or a refund of ours. */
import type Stripe from "stripe";
import { Id } from "../../../shared/contracts/ids";
import type { PaymentFact } from "../order-states";
import type { RefundFact } from "../refund-states";
import type { ProviderWord } from "./provider";

const PAYMENT_FACTS: Record<string, PaymentFact> = {
  "payment_intent.requires_action": "payment_action_required",
  "payment_intent.processing": "payment_processing",
  "payment_intent.succeeded": "payment_succeeded",
  "payment_intent.payment_failed": "payment_failed",
  "payment_intent.canceled": "payment_failed",
};

const REFUND_EVENTS = new Set(["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]);

const REFUND_FACTS: Record<string, RefundFact> = {
  pending: "refund_pending",
  requires_action: "refund_pending",
  succeeded: "refund_succeeded",
  failed: "refund_failed",
  canceled: "refund_failed",
};

/** Null for what is about neither: kept, and nothing to count. */
export function wordOf({ type, data }: Pick<Stripe.Event, "type" | "data">): ProviderWord | null {
  const fact = PAYMENT_FACTS[type];
  if (fact) return paymentWord(data.object as Stripe.PaymentIntent, fact);
  return REFUND_EVENTS.has(type) ? refundWord(data.object as Stripe.Refund) : null;
}

function paymentWord(intent: Stripe.PaymentIntent, fact: PaymentFact): ProviderWord | null {
  const paymentId = idIn(intent.metadata, "payment_id");
  if (paymentId === null) return null;
  const error = intent.last_payment_error;
  const failureCode = fact === "payment_failed" ? (error?.decline_code ?? error?.code ?? intent.status) : null;
  return { paymentId, fact, failureCode, reference: intent.id };
}

function refundWord(refund: Stripe.Refund): ProviderWord | null {
  const refundId = idIn(refund.metadata, "refund_id");
  const paymentId = idIn(refund.metadata, "payment_id");
  const fact = REFUND_FACTS[refund.status ?? ""];
  if (refundId === null || paymentId === null) {
    // Somebody gave money back in Stripe's own pages: it stands in no book of ours.
    const message = "Stripe tells of a refund that Bilten did not ask for";
    console.warn(JSON.stringify({ level: "warn", message, refund: refund.id }));
    return null;
  }
  if (!fact) return null;
  const failureCode = fact === "refund_failed" ? (refund.failure_reason ?? refund.status) : null;
  return { paymentId, refundId, fact, failureCode, reference: refund.id };
}

function idIn(metadata: Stripe.Metadata | null | undefined, name: string): string | null {
  const id = Id.safeParse(metadata?.[name]);
  return id.success ? id.data : null;
}
