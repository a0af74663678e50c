/** Money on its way back: the row first, then the provider, then one guarded batch that records it (rules 16, 18). */
import type { ProviderName } from "../../shared/contracts/orders";
import { uuidV8 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { MAX_TRIES, movedOrder, updateOrder, updatePayment } from "./order-moves";
import { readSale, type Sale } from "./order-rows";
import { nextOrderState, nextPaymentState } from "./order-states";
import { NO_PORT, providerOf } from "./providers/configured";
import type { RefundOutcome } from "./providers/provider";
import type { PaymentRow, RefundRow } from "./schema";
import { shardOf } from "./shards";

/** Whoever wrote the row asks the provider at once; the sweep asks where that was cut off. */
const SWEEP_AFTER_MS = 60_000;

/** Of money that bought nothing, all of it. Its id is the payment's, so that there is one however often that is found out. */
export async function surplusRefund(env: Env, payment: PaymentRow, nowMs: number): Promise<RefundRow> {
  return {
    id: await uuidV8(env.ORDER_KEY, ["surplus_refund", payment.id], shardOf(payment.id)),
    payment_id: payment.id,
    order_id: payment.order_id,
    reason: "surplus",
    state: "pending",
    amount_minor: payment.amount_minor,
    currency: payment.currency,
    reference: null,
    failure_code: null,
    attempts: 0,
    next_try_at_ms: nowMs + SWEEP_AFTER_MS,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
  };
}

export const insertRefund = (db: D1Database, refund: RefundRow): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO refunds (id, payment_id, order_id, reason, state, amount_minor, currency, next_try_at_ms, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      refund.id,
      refund.payment_id,
      refund.order_id,
      refund.reason,
      refund.state,
      refund.amount_minor,
      refund.currency,
      refund.next_try_at_ms,
      refund.created_at_ms,
      refund.updated_at_ms,
    );

/** Right after the row was written; whatever fails is the sweep's to try again. */
export async function tryPayingBack(env: Env, later: Later, db: D1Database, refund: RefundRow): Promise<void> {
  try {
    await payBack(env, later, db, refund);
  } catch (error) {
    reportError(error, env, later, { task: "pay back" });
  }
}

/** The refund's id is the provider's idempotency key, so that asking again after a lost answer pays nothing twice. */
export async function payBack(env: Env, later: Later, db: D1Database, refund: RefundRow): Promise<void> {
  const sale = await readSale(db, refund.payment_id);
  if (!sale) throw new Error("the payment of a refund is gone");
  const provider = providerOf(env, later, sale.payment.provider as ProviderName, NO_PORT);
  if (!provider) throw new Error(`the provider ${sale.payment.provider} is no longer configured`);
  const outcome = await provider.refundPayment({
    refundId: refund.id,
    paymentId: sale.payment.id,
    paymentReference: sale.payment.reference,
    amountMinor: refund.amount_minor,
    currency: refund.currency,
  });
  await recordRefund(db, refund, sale, outcome);
}

async function recordRefund(db: D1Database, refund: RefundRow, sale: Sale, outcome: RefundOutcome): Promise<void> {
  let before: Sale | null = sale;
  for (let tries = 0; before && tries < MAX_TRIES; tries++) {
    const recorded = await guardedBatch(db, updateRefund(db, refund, before, outcome), effects(db, before, outcome));
    if (recorded.ok) return;
    const standing = await db.prepare("SELECT state FROM refunds WHERE id = ?").bind(refund.id).first<Pick<RefundRow, "state">>();
    // Somebody else has recorded the same refund.
    if (standing?.state === "succeeded") return;
    before = await readSale(db, refund.payment_id);
  }
  throw new Error("a sale moved too often while a refund was recorded");
}

/** The refund's move, while its payment and its order are as they were when the effects were decided. */
function updateRefund(db: D1Database, refund: RefundRow, { payment, order }: Sale, outcome: RefundOutcome): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE refunds SET state = ?, reference = ?, failure_code = ?, updated_at_ms = ? WHERE id = ? AND state <> 'succeeded'
         AND EXISTS (SELECT 1 FROM payments WHERE id = ? AND state = ?) AND EXISTS (SELECT 1 FROM orders WHERE id = ? AND version = ?)`,
    )
    .bind(
      outcome.status,
      outcome.reference,
      outcome.failureCode ?? null,
      Date.now(),
      refund.id,
      payment.id,
      payment.state,
      order.id,
      order.version,
    );
}

function effects(db: D1Database, { payment, order }: Sale, outcome: RefundOutcome): D1PreparedStatement[] {
  if (outcome.status !== "succeeded") return [];
  const nowMs = Date.now();
  const state = nextPaymentState(payment.state, "payment_refunded");
  if (state === null) throw new Error(`a ${payment.state} payment was given back`);
  const paymentMove = updatePayment(db, payment, { ...payment, state, updated_at_ms: nowMs });
  // An order that another payment has paid keeps its tickets: only the second money goes back.
  const orderState = order.paid_at_ms === null ? nextOrderState(order.state, "refunded") : null;
  return orderState === null ? [paymentMove] : [paymentMove, updateOrder(db, order, movedOrder(order, orderState, nowMs))];
}
