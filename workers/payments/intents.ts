/** Between a payment's row and what its provider is asked and answers. */
import type { ProviderName } from "../../shared/contracts/orders";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { storedAction } from "./next-actions";
import { NO_PORT, providerOf } from "./providers/configured";
import { patiently } from "./providers/patience";
import { factOf, type Method, type PaymentIntent, type PaymentProvider, type ProviderOutcome } from "./providers/provider";
import type { OrderRow, PaymentRow } from "./schema";
import type { MoneyFact } from "./settlement";

export const intentOf = (payment: PaymentRow, order: Pick<OrderRow, "expires_at_ms">): PaymentIntent => ({
  paymentId: payment.id,
  orderId: payment.order_id,
  amountMinor: payment.amount_minor,
  currency: payment.currency,
  // Written from the provider's own `readMethod`.
  method: JSON.parse(payment.method) as Method,
  returnUrl: payment.return_url,
  reference: payment.reference,
  expiresAtMs: order.expires_at_ms,
  state: payment.state,
  askedAtMs: payment.asked_at_ms,
});

export function providerOfPayment(env: Env, later: Later, payment: PaymentRow): PaymentProvider {
  // Written from the contract's names, by us alone.
  const provider = providerOf(env, later, payment.provider as ProviderName, NO_PORT);
  if (!provider) throw new Error(`the provider ${payment.provider} is no longer configured`);
  return provider;
}

/** What a provider's answer says, as it may be kept. */
export const moneyFactOf = (outcome: ProviderOutcome): MoneyFact => ({
  type: factOf(outcome),
  failureCode: outcome.failureCode ?? null,
  reference: outcome.reference,
  nextAction: outcome.nextAction ? storedAction(outcome.nextAction) : null,
});

/** An exception of the provider's means that nobody knows: the sweep looks the payment up, and so does a repeated request. */
export async function tryAsking<T>(env: Env, later: Later, ask: () => Promise<T>): Promise<T | "unknown"> {
  try {
    return await patiently(ask());
  } catch (error) {
    reportError(error, env, later, { task: "ask a payment provider" });
    return "unknown";
  }
}
