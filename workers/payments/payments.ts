/** `POST /payments/process` and the reading of payments. */
import type { z } from "zod";
import type { Payment, PaymentDraft, PaymentProcessed } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { reportError } from "../../shared/observability/report";
import { bindKey, type KeptAnswer, keepAnswer, keptRefusal, keyedId, keyedRequest } from "./answers";
import { type Attempt, beginPayment } from "./attempts";
import { buyerCondition, type Caller, type Claim, claimOf, mayRead } from "./claims";
import type { Env, Later } from "./environment";
import { readOrder, readSale, type Sale } from "./order-rows";
import { toOrder, toPayment } from "./order-views";
import { storeEvent } from "./provider-events";
import { providerOf } from "./providers/configured";
import { factOf, type Method, type PaymentProvider, type ProviderOutcome } from "./providers/provider";
import { settle } from "./settlement";
import { dbOf, shardOf } from "./shards";

export interface Processing {
  caller: Caller;
  draft: PaymentDraft;
  key: string | null;
  /** Of the running server. */
  port: number;
  traceparent: string | undefined;
}

export type Processed = { status: 200 | 202; body: z.infer<typeof PaymentProcessed> };

export async function processPayment(env: Env, later: Later, processing: Processing): Promise<Result<KeptAnswer, Refusal>> {
  const { caller, draft, key } = processing;
  const db = dbOf(env, draft.orderId);
  if (!db) return refuse({ code: "order_not_found" });
  const claim = await claimOf(env, caller, draft.orderId);
  if (!claim.ok) return claim;

  const provider = providerOf(env, later, draft.provider, processing.port);
  const method = provider ? provider.readMethod(draft.paymentMethod) : refuse({ code: "provider_not_configured" as const });
  if (!provider || !method.ok)
    return (await refuseStranger(env, db, claim.value, draft.orderId)) ?? (method as Result<never, Refusal>);

  const shard = shardOf(draft.orderId);
  const parts =
    key === null
      ? null
      : { principal: caller.principal, route: "/payments/process", key, requestHash: await requestHashOf(draft) };
  if (parts !== null && !(await bindKey(env, parts))) return refuse({ code: "idempotency_key_reused" });
  const attempt: Attempt = {
    db,
    provider,
    method: method.value,
    draft,
    access: buyerCondition(claim.value),
    paymentId: parts === null ? uuidV7(Date.now(), shard) : await keyedId(env, "payment", parts, shard),
    keyed: await keyedRequest(env, parts, shard),
    traceparent: processing.traceparent,
  };
  const begun = await beginPayment(env, attempt);
  if (!begun) return (await refuseStranger(env, db, claim.value, draft.orderId)) ?? refuse({ code: "order_not_found" });
  if ("answer" in begun) return begun.answer;
  return charge(env, later, attempt, begun.sale);
}

/** Who may not pay an order hears 404, or 403 where he may at least read it. Null for its buyer. */
async function refuseStranger(env: Env, db: D1Database, claim: Claim, orderId: string): Promise<Result<never, Refusal> | null> {
  const access = buyerCondition(claim);
  const mine = await db
    .prepare(`SELECT 1 FROM orders WHERE id = ? AND ${access.sql}`)
    .bind(orderId, ...access.values)
    .first();
  if (mine !== null) return null;
  const found = await readOrder(db, orderId);
  const readable = found !== null && (await mayRead(env, claim, found.order));
  return refuse({ code: readable ? "forbidden" : "order_not_found" });
}

/** The provider is asked, and its answer goes the way of a webhook's: a stored fact, the object's decision, one guarded batch. */
async function charge(env: Env, later: Later, attempt: Attempt, sale: Sale): Promise<Result<KeptAnswer, Refusal>> {
  const { db, keyed } = attempt;
  if (sale.payment.state !== "initiated") {
    // Somebody with this key was cut off after the provider's answer was written down.
    const answer = answerOf(sale);
    if (keyed) await keepAnswer(db, keyed, toKeptAnswer(answer)).run();
    return answer;
  }
  const outcome = await attempt.provider.createPayment(intentOf(sale));
  const event = await eventOf(attempt.provider, sale.payment.id, outcome);
  const fact = {
    type: event.fact,
    failureCode: event.failureCode,
    reference: outcome.reference,
    nextAction: outcome.nextAction ?? null,
  };
  const alongside = (after: Sale) => {
    const nowMs = Date.now();
    return [storeEvent(db, event, nowMs, nowMs), ...(keyed ? [keepAnswer(db, keyed, toKeptAnswer(answerOf(after)))] : [])];
  };
  try {
    return answerOf(await settle(env, later, db, sale, fact, alongside, attempt.traceparent));
  } catch (error) {
    // The money may be there: the fact is kept for the sweep, and the buyer hears that it is under way.
    reportError(error, env, later, { task: "settle a payment" });
    await storeEvent(db, event, Date.now(), null).run();
    return ok({ status: 202, body: { payment: toPayment(sale.payment), order: toOrder(sale.order, sale.lines, Date.now()) } });
  }
}

export const intentOf = ({ payment, order }: Sale) => ({
  paymentId: payment.id,
  orderId: order.id,
  amountMinor: payment.amount_minor,
  currency: payment.currency,
  method: JSON.parse(payment.method) as Method,
  returnUrl: payment.return_url,
});

/** A provider's answer to our call as an event: its id is the payment's and the status, so that it counts once. */
export async function eventOf(provider: PaymentProvider, paymentId: string, outcome: ProviderOutcome) {
  return {
    provider: provider.name,
    eventId: `answer_${paymentId}_${outcome.status}`,
    type: "answer",
    paymentId,
    fact: factOf(outcome),
    failureCode: outcome.failureCode ?? null,
    bodyHash: await sha256(JSON.stringify(outcome)),
    body: null,
  };
}

/** The wire's answer for a sale as it stands. Money that found no stock is owed back, and no success. */
function answerOf({ order, lines, payment }: Sale): Result<Processed, Refusal> {
  if (payment.is_surplus === 1) return refuse({ code: order.state === "late_paid" ? "sold_out" : "order_not_payable" });
  const view = toPayment(payment);
  const underWay = view.status === "processing" || view.status === "requires_action";
  return ok({ status: underWay ? 202 : 200, body: { payment: view, order: toOrder(order, lines, Date.now()) } });
}

const toKeptAnswer = (answer: Result<Processed, Refusal>): KeptAnswer => (answer.ok ? answer.value : keptRefusal(answer.error));

/** `GET /payments/:id`, for whoever may read its order. */
export async function readPayment(env: Env, caller: Caller, paymentId: string): Promise<Result<Payment, Refusal>> {
  const db = dbOf(env, paymentId);
  const sale = db ? await readSale(db, paymentId) : null;
  if (!sale) return refuse({ code: "payment_not_found" });
  const claim = await claimOf(env, caller, sale.order.id);
  if (!claim.ok) return refuse({ code: claim.error.code === "order_not_found" ? "payment_not_found" : claim.error.code });
  if (!(await mayRead(env, claim.value, sale.order))) return refuse({ code: "payment_not_found" });
  return ok(toPayment(sale.payment));
}
