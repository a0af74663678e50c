/** `POST /payments/process` and the reading of payments. */

import type { z } from "zod";
import type { Payment, PaymentDraft, PaymentProcessed } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { reportError } from "../../shared/observability/report";
import {
  bindKey,
  claimAnswer,
  isKept,
  type KeptAnswer,
  type KeyedRequest,
  keepAnswer,
  keptRefusal,
  keyedId,
  keyedRequest,
  standingAnswer,
} from "./answers";
import { buyerCondition, type Caller, type Claim, type Condition, claimOf, mayRead } from "./claims";
import type { Env, Later } from "./environment";
import { readOrder, readSale, rowsOf, type Sale, selectLines } from "./order-rows";
import { isPayable } from "./order-states";
import { toOrder, toPayment } from "./order-views";
import { storeEvent } from "./provider-events";
import { providerOf } from "./providers/configured";
import { factOf, type Method, type PaymentProvider, type ProviderOutcome } from "./providers/provider";
import type { AnswerRow, LineRow, OrderRow, PaymentRow } from "./schema";
import { settle } from "./settlement";
import { dbOf, shardOf } from "./shards";

/** What an expired order gets again, so that it may be paid: the shortest end that a provider needs. */
const REACQUIRED_FOR_MS = 10 * 60_000;

export interface Processing {
  caller: Caller;
  draft: PaymentDraft;
  key: string | null;
  /** Of the running server. */
  port: number;
  traceparent: string | undefined;
}

export type Processed = { status: 200 | 202; body: z.infer<typeof PaymentProcessed> };

/** All that one try to pay is about, once the caller may. */
interface Attempt {
  db: D1Database;
  provider: PaymentProvider;
  method: Method;
  draft: PaymentDraft;
  access: Condition;
  paymentId: string;
  keyed: KeyedRequest | null;
  traceparent: string | undefined;
}

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
  const begun = await beginWithStock(env, attempt);
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

type Begun = { sale: Sale } | { answer: Result<KeptAnswer, Refusal> };

/** Null: no such order for this buyer. An order whose end has passed is begun only after the object gave it its stock again. */
async function beginWithStock(env: Env, attempt: Attempt): Promise<Begun | null> {
  const nowMs = Date.now();
  const first = await begin(attempt, { expiredToo: false, nowMs });
  if (!first || !("expired" in first)) return first;
  const extended = await env.EVENTS.extendOrder(first.expired.event_id, first.expired.id, nowMs + REACQUIRED_FOR_MS);
  if (!extended.ok) {
    const { code, members } = extended.error;
    return keepRefusal(attempt, code === "sold_out" ? { code, ...(members ? { members } : {}) } : { code: "order_not_payable" });
  }
  const second = await begin(attempt, { expiredToo: true, nowMs });
  if (second && "expired" in second) throw new Error("an expired order was begun and was not");
  return second;
}

/**
 * One round trip: claims the key, writes the payment if the caller, the order's state and no other payment stand against it, and reads
 * all that the answer needs.
 */
async function begin(
  attempt: Attempt,
  when: { expiredToo: boolean; nowMs: number },
): Promise<Begun | { expired: OrderRow } | null> {
  const { db, draft, access, keyed, paymentId } = attempt;
  const keyStatements = keyed ? claimAnswer(db, keyed, draft.orderId, access, when.nowMs) : [];
  const results = await db.batch([
    ...keyStatements,
    insertPayment(attempt, when),
    db.prepare(`SELECT * FROM orders WHERE id = ? AND ${access.sql}`).bind(draft.orderId, ...access.values),
    selectLines(db, draft.orderId),
    db
      .prepare(
        "SELECT * FROM payments WHERE order_id = ? AND (id = ? OR state IN ('initiated', 'requires_action', 'processing'))",
      )
      .bind(draft.orderId, paymentId),
  ]);
  const [, orders, lines, payments] = results.slice(keyStatements.length);
  const [order] = rowsOf<OrderRow>(orders);
  if (!order) return null;
  if (keyed) {
    const [row] = rowsOf<AnswerRow>(results[1]);
    if (!row) throw new Error("a key was claimed and is not there");
    const standing = standingAnswer(keyed, row);
    if (standing) return { answer: standing };
  }
  const payment = rowsOf<PaymentRow>(payments).find(({ id }) => id === paymentId);
  if (payment) return { sale: { order, lines: rowsOf<LineRow>(lines), payment } };
  if (!isPayable(order.state) || order.total_minor === 0) return keepRefusal(attempt, { code: "order_not_payable" });
  if (rowsOf<PaymentRow>(payments).length > 0) return keepRefusal(attempt, { code: "payment_in_progress" });
  return { expired: order };
}

function insertPayment(attempt: Attempt, { expiredToo, nowMs }: { expiredToo: boolean; nowMs: number }): D1PreparedStatement {
  const { db, draft, access, keyed, paymentId, provider, method } = attempt;
  const conditions = [
    access,
    // Whether an end has passed is the clock's word, not the sweep's.
    ...(expiredToo ? [] : [{ sql: "orders.state = 'pending' AND orders.expires_at_ms > ?", values: [nowMs] }]),
    ...(keyed
      ? [
          {
            sql: "EXISTS (SELECT 1 FROM answers WHERE answers.id = ? AND answers.lease_token = ?)",
            values: [keyed.id, keyed.leaseToken],
          },
        ]
      : []),
  ];
  return db
    .prepare(
      `INSERT INTO payments (id, order_id, provider, state, amount_minor, currency, method, return_url, created_at_ms, updated_at_ms)
       SELECT ?, orders.id, ?, 'initiated', orders.total_minor, orders.currency, ?, ?, ?, ? FROM orders
       WHERE orders.id = ? AND orders.state IN ('pending', 'expired') AND orders.total_minor > 0
         AND ${conditions.map(({ sql }) => `(${sql})`).join(" AND ")}
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      paymentId,
      provider.name,
      JSON.stringify(method),
      draft.returnUrl ?? null,
      nowMs,
      nowMs,
      draft.orderId,
      ...conditions.flatMap(({ values }) => values),
    );
}

async function keepRefusal({ db, keyed }: Attempt, refusal: Refusal): Promise<{ answer: Result<never, Refusal> }> {
  if (keyed && isKept(refusal.code)) await keepAnswer(db, keyed, keptRefusal(refusal)).run();
  return { answer: refuse(refusal) };
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
