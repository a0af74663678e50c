/** Money on its way back: the row first, then the provider, then one guarded batch that records it (rules 16, 18). */
import type { ProviderName } from "../../shared/contracts/orders";
import { uuidV8 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { post } from "./ledger";
import { MAX_TRIES, movedOrder, updateOrder } from "./order-moves";
import { readSale, type Sale } from "./order-rows";
import { nextOrderState, nextPaymentState } from "./order-states";
import { NO_PORT, providerOf } from "./providers/configured";
import { factOfRefund } from "./providers/provider";
import { nextRefundState, type RefundFact, type RefundState } from "./refund-states";
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
    note: null,
    requested_by: null,
    state: "pending",
    version: 1,
    amount_minor: payment.amount_minor,
    currency: payment.currency,
    // It bought none.
    ticket_ids: "[]",
    voided_at_ms: nowMs,
    reference: null,
    failure_code: null,
    generation: 0,
    attempts: 0,
    next_try_at_ms: nowMs + SWEEP_AFTER_MS,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
  };
}

/** The row, and on its payment the promise, which the table keeps within what was paid (`refund_within_payment`). */
export const insertRefund = (db: D1Database, refund: RefundRow): D1PreparedStatement[] => [
  db
    .prepare(
      `INSERT INTO refunds (id, payment_id, order_id, reason, note, requested_by, state, amount_minor, currency, ticket_ids, voided_at_ms,
         next_try_at_ms, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      refund.id,
      refund.payment_id,
      refund.order_id,
      refund.reason,
      refund.note,
      refund.requested_by,
      refund.state,
      refund.amount_minor,
      refund.currency,
      refund.ticket_ids,
      refund.voided_at_ms,
      refund.next_try_at_ms,
      refund.created_at_ms,
      refund.updated_at_ms,
    ),
  db.prepare("UPDATE payments SET refunded_minor = refunded_minor + ? WHERE id = ?").bind(refund.amount_minor, refund.payment_id),
];

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
    generation: refund.generation,
    paymentId: sale.payment.id,
    paymentReference: sale.payment.reference,
    amountMinor: refund.amount_minor,
    currency: refund.currency,
  });
  const { reference, failureCode = null } = outcome;
  await recordRefund(db, refund, sale, { fact: factOfRefund(outcome), failureCode, reference });
}

/** What a provider says of a refund of ours by itself. */
export async function applyRefundWord(
  db: D1Database,
  refundId: string,
  word: { fact: RefundFact; failureCode: string | null; reference: string | null },
): Promise<void> {
  const standing = await readRefund(db, refundId);
  if (standing) await recordRefund(db, standing.refund, standing.sale, word);
}

type RefundWord = Parameters<typeof applyRefundWord>[2];

async function recordRefund(db: D1Database, refund: RefundRow, sale: Sale, word: RefundWord): Promise<void> {
  let standing: { refund: RefundRow; sale: Sale } | null = { refund, sale };
  for (let tries = 0; standing && tries < MAX_TRIES; tries++) {
    const state = nextRefundState(standing.refund.state, word.fact);
    if (state === null) return;
    const nowMs = Date.now();
    const recorded = await guardedBatch(
      db,
      updateRefund(db, standing.refund, standing.sale, state, word, nowMs),
      state === "succeeded" ? moneyBack(db, standing.refund, standing.sale, nowMs) : [],
    );
    if (recorded.ok) return;
    standing = await readRefund(db, refund.id);
  }
  throw new Error("a sale moved too often while a refund was recorded");
}

async function readRefund(db: D1Database, refundId: string): Promise<{ refund: RefundRow; sale: Sale } | null> {
  const refund = await db.prepare("SELECT * FROM refunds WHERE id = ?").bind(refundId).first<RefundRow>();
  const sale = refund && (await readSale(db, refund.payment_id));
  return refund && sale ? { refund, sale } : null;
}

/** The refund's move, while its payment and its order are as they were when the effects were decided. */
function updateRefund(
  db: D1Database,
  refund: RefundRow,
  { payment, order }: Sale,
  state: RefundState,
  word: RefundWord,
  nowMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE refunds SET state = ?, version = version + 1, reference = ?, failure_code = ?, updated_at_ms = ?
       WHERE id = ? AND version = ?
         AND EXISTS (SELECT 1 FROM payments WHERE id = ? AND state = ? AND returned_minor = ?)
         AND EXISTS (SELECT 1 FROM orders WHERE id = ? AND version = ?)`,
    )
    .bind(
      state,
      word.reference ?? refund.reference,
      word.failureCode,
      nowMs,
      refund.id,
      refund.version,
      payment.id,
      payment.state,
      payment.returned_minor,
      order.id,
      order.version,
    );
}

/** The provider has paid it: the payment, the order and the ledger follow. */
function moneyBack(db: D1Database, refund: RefundRow, { payment, order }: Sale, nowMs: number): D1PreparedStatement[] {
  const isAll = payment.returned_minor + refund.amount_minor === payment.amount_minor;
  const state = nextPaymentState(payment.state, isAll ? "payment_refunded" : "payment_partially_refunded");
  if (state === null) throw new Error(`a ${payment.state} payment was given back`);
  const parts = { net: refund.amount_minor, tax: 0, fees: 0 };
  // An order that another payment has paid keeps its tickets: only the second money goes back.
  const isOrders = payment.is_surplus === 0 || order.paid_at_ms === null;
  const orderState = isOrders ? nextOrderState(order.state, isAll ? "refunded" : "partially_refunded") : null;
  return [
    db
      .prepare("UPDATE payments SET state = ?, returned_minor = returned_minor + ?, updated_at_ms = ? WHERE id = ?")
      .bind(state, refund.amount_minor, nowMs, payment.id),
    ...(orderState === null ? [] : [updateOrder(db, order, movedOrder(order, orderState, nowMs))]),
    ...post(db, { fact: "refund_paid", parts, order, payment, refundId: refund.id, nowMs }),
  ];
}
