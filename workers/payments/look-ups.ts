/** Whatever a provider tells us when we ask goes the way of a webhook: a stored fact, counted once (rule 18). */
import { sha256 } from "../../shared/crypto/bytes";
import type { Env, Later } from "./environment";
import { intentOf, moneyFactOf, providerOfPayment } from "./intents";
import type { Sale } from "./order-rows";
import { ABANDONED, isPayable, type PaymentFact } from "./order-states";
import { processEvent, type StoredEvent, storeEvent, toWaiting } from "./provider-events";
import { patiently } from "./providers/patience";
import type { PaymentIntent, PaymentProvider, ProviderOutcome, ProviderWord } from "./providers/provider";

/** One payment of many: a provider that is silent must not keep the sweep from all the others. */
const PATIENCE_MS = 5_000;
/** After its order's end a payment may still come for so long, and buy what is left by then. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

type AnswerEvent = StoredEvent & { word: ProviderWord & { fact: PaymentFact } };

/** A provider's answer to our call as an event: its id is the payment's and the status, so that it counts once. */
export async function eventOf(provider: PaymentProvider, paymentId: string, outcome: ProviderOutcome): Promise<AnswerEvent> {
  const { type: fact, failureCode, reference, nextAction } = moneyFactOf(outcome);
  if (!fact) throw new Error(`${provider.name} answered something that is no outcome of a payment`);
  return {
    provider: provider.name,
    eventId: `answer_${paymentId}_${outcome.status}`,
    type: "answer",
    word: { paymentId, fact, failureCode, reference },
    nextAction,
    bodyHash: await sha256(JSON.stringify({ ...outcome, nextAction })),
    body: null,
  };
}

export async function recordOutcome(
  env: Env,
  later: Later,
  db: D1Database,
  provider: PaymentProvider,
  paymentId: string,
  outcome: ProviderOutcome,
): Promise<void> {
  const event = await eventOf(provider, paymentId, outcome);
  await storeEvent(db, event, Date.now(), null).run();
  await processEvent(env, later, db, toWaiting(event));
}

/** For the sweep: nobody wrote down what the provider said, or it has not said the last word for long. */
export async function lookUp(env: Env, later: Later, db: D1Database, sale: Sale): Promise<void> {
  const { payment, order } = sale;
  const provider = providerOfPayment(env, later, payment);
  const intent = intentOf(payment, order);
  const known = await patiently(isAbandoned(sale, Date.now()) ? abandon(provider, intent) : provider.lookUp(intent), PATIENCE_MS);
  if (!known && payment.state !== "initiated") throw new Error("the provider has forgotten a payment that it answered for");
  // It never heard of the payment, so no money moved, and the buyer may try again.
  const outcome = known ?? { status: "failed" as const, reference: null, failureCode: "provider_unreachable" };
  await recordOutcome(env, later, db, provider, payment.id, outcome);
}

/** Their orders have ended while a buyer was elsewhere: whether he has paid there is asked now, not after the next long pause. */
export const lookUpSoon = (db: D1Database, orderIds: readonly string[], atMs: number): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE payments SET next_try_at_ms = min(next_try_at_ms, ?)
       WHERE order_id IN (SELECT value FROM json_each(?)) AND state = 'requires_action'`,
    )
    .bind(atMs, JSON.stringify(orderIds));

/** Its buyer never came back to it, and what he would pay for has ended: else it would be asked after for ever. */
const isAbandoned = ({ payment, order }: Sale, nowMs: number): boolean =>
  payment.state === "requires_action" && (!isPayable(order.state) || order.expires_at_ms + ABANDONED_AFTER_MS <= nowMs);

/** Money may have come first. */
export async function abandon(provider: PaymentProvider, intent: PaymentIntent): Promise<ProviderOutcome> {
  const outcome = await provider.cancelPayment(intent);
  return outcome.status === "failed" ? { ...outcome, failureCode: ABANDONED } : outcome;
}
