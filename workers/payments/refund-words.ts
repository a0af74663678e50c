/** What a provider says of a refund, recorded once with all that follows from it (rules 16 to 18). */
import type { Envelope } from "../../shared/contracts/messages";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import type { Env, Later } from "./environment";
import { post } from "./ledger";
import { deliverLater, refundReturned, refundSucceeded } from "./news";
import { MAX_TRIES, movedOrder, updateOrder } from "./order-moves";
import { readSale, rowsOf, type Sale } from "./order-rows";
import { nextOrderState, nextPaymentState, type PaymentState } from "./order-states";
import { nextRefundState, type RefundFact } from "./refund-states";
import type { RefundRow } from "./schema";

/** After a refusal the provider is asked anew, not at once. */
const ASK_ANEW_AFTER_MS = 60_000;

export interface RefundWord {
  fact: RefundFact;
  failureCode: string | null;
  /** The provider's own name of the refund. */
  reference: string | null;
  /** What was asked for when this was answered; null for what the provider says by itself. */
  generation: number | null;
}

export interface StandingRefund {
  refund: RefundRow;
  sale: Sale;
  /** Paid back with it. */
  ticketCount: number;
}

export async function readRefund(db: D1Database, refundId: string): Promise<StandingRefund | null> {
  const [refunds, counts] = await db.batch([
    db.prepare("SELECT * FROM refunds WHERE id = ?").bind(refundId),
    db
      .prepare(
        `SELECT count(*) AS tickets FROM refunded_tickets
         WHERE order_id = (SELECT order_id FROM refunds WHERE id = ?1) AND refund_id = ?1`,
      )
      .bind(refundId),
  ]);
  const [refund] = rowsOf<RefundRow>(refunds);
  const sale = refund && (await readSale(db, refund.payment_id));
  return refund && sale ? { refund, sale, ticketCount: rowsOf<{ tickets: number }>(counts)[0]?.tickets ?? 0 } : null;
}

/**
 * Words come late, repeated and out of order, and one about what was refused before must not pass for one about what was asked since.
 * What the provider says by itself is therefore known by its own name for the refund; where that is not known yet, only the first
 * generation can be meant. What is passed over is not lost: the sweep asks.
 */
function isCurrent(refund: RefundRow, { generation, reference }: RefundWord): boolean {
  if (generation !== null) return generation === refund.generation;
  return refund.reference === null || reference === null ? refund.generation === 0 : reference === refund.reference;
}

export async function applyRefundWord(
  env: Env,
  later: Later,
  db: D1Database,
  refundId: string,
  word: RefundWord,
): Promise<RefundRow | null> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const standing = await readRefund(db, refundId);
    if (!standing) return null;
    const after = afterWord(standing.refund, word, Date.now());
    if (!after) return standing.refund;
    const news = newsOf(standing, after);
    const recorded = await guardedBatch(db, updateRefund(db, standing, after), [
      ...moneyMoves(db, standing, after),
      ...news.map((message) => announce(db, message)),
    ]);
    if (recorded.ok) {
      deliverLater(env, later, db, news);
      return after;
    }
  }
  throw new Error("a sale moved too often while a refund was recorded");
}

/** Null where the word says nothing new. */
function afterWord(refund: RefundRow, word: RefundWord, nowMs: number): RefundRow | null {
  if (!isCurrent(refund, word)) return null;
  const reference = word.reference ?? refund.reference;
  const state = nextRefundState(refund.state, word.fact);
  if (state === null)
    return word.fact === "refund_pending" && refund.state === "pending" && reference !== refund.reference
      ? { ...refund, version: refund.version + 1, reference, updated_at_ms: nowMs }
      : null;
  const after = { ...refund, state, version: refund.version + 1, failure_code: word.failureCode, updated_at_ms: nowMs };
  if (state !== "failed") return { ...after, reference };
  // Whoever asks the next time asks for something new, of which the provider has not said a name.
  const nextTryAtMs = Math.max(refund.next_try_at_ms, nowMs + ASK_ANEW_AFTER_MS);
  return { ...after, reference: null, generation: refund.generation + 1, next_try_at_ms: nextTryAtMs };
}

/** While its payment and its order are as they were when the effects were decided. */
function updateRefund(db: D1Database, { refund, sale }: StandingRefund, after: RefundRow): D1PreparedStatement {
  const { payment, order } = sale;
  return db
    .prepare(
      `UPDATE refunds SET state = ?, version = ?, generation = ?, reference = ?, failure_code = ?, next_try_at_ms = ?, updated_at_ms = ?
       WHERE id = ? AND version = ?
         AND EXISTS (SELECT 1 FROM payments WHERE id = ? AND state = ? AND returned_minor = ?)
         AND EXISTS (SELECT 1 FROM orders WHERE id = ? AND version = ?)`,
    )
    .bind(
      after.state,
      after.version,
      after.generation,
      after.reference,
      after.failure_code,
      after.next_try_at_ms,
      after.updated_at_ms,
      refund.id,
      refund.version,
      payment.id,
      payment.state,
      payment.returned_minor,
      order.id,
      order.version,
    );
}

function moneyMoves(db: D1Database, standing: StandingRefund, after: RefundRow): D1PreparedStatement[] {
  if (after.state === "succeeded") return moneyBack(db, standing, after);
  return standing.refund.state === "succeeded" ? moneyReturned(db, standing, after) : [];
}

function newsOf({ refund, sale: { order }, ticketCount }: StandingRefund, after: RefundRow): Envelope[] {
  if (after.state === "succeeded") return [refundSucceeded(after, order, ticketCount, after.updated_at_ms)];
  return refund.state === "succeeded" ? [refundReturned(after, order, ticketCount, after.updated_at_ms)] : [];
}

/** The provider has paid it: the payment, the order and the ledger follow. */
function moneyBack(
  db: D1Database,
  { refund, sale: { payment, order } }: StandingRefund,
  after: RefundRow,
): D1PreparedStatement[] {
  const nowMs = after.updated_at_ms;
  const isAll = payment.returned_minor + refund.amount_minor === payment.amount_minor;
  // An order that another payment has paid keeps its tickets: only the second money goes back.
  const isOrders = payment.is_surplus === 0 || order.paid_at_ms === null;
  const orderState = isOrders ? nextOrderState(order.state, isAll ? "refunded" : "partially_refunded") : null;
  return [
    db
      .prepare("UPDATE payments SET state = ?, returned_minor = returned_minor + ?, updated_at_ms = ? WHERE id = ?")
      .bind(stateOfPayment(payment.state, isAll), refund.amount_minor, nowMs, payment.id),
    ...(orderState === null ? [] : [updateOrder(db, order, movedOrder(order, orderState, nowMs))]),
    ...post(db, {
      fact: "refund_paid",
      parts: wholeOf(refund),
      order,
      payment,
      refundId: refund.id,
      refundVersion: after.version,
      nowMs,
    }),
  ];
}

/** Money that had come back and was paid again finds its payment `refunded` already, which is no step back. */
function stateOfPayment(state: PaymentState, isAll: boolean): PaymentState {
  const next = nextPaymentState(state, isAll ? "payment_refunded" : "payment_partially_refunded");
  if (next === null && state !== "refunded") throw new Error(`a ${state} payment was given back`);
  return next ?? state;
}

/** It is owed again. What order and payment have been told to be they stay: the promise stands, and is kept in the end. */
function moneyReturned(
  db: D1Database,
  { refund, sale: { payment, order } }: StandingRefund,
  after: RefundRow,
): D1PreparedStatement[] {
  const nowMs = after.updated_at_ms;
  return [
    db
      .prepare("UPDATE payments SET returned_minor = returned_minor - ?, updated_at_ms = ? WHERE id = ?")
      .bind(refund.amount_minor, nowMs, payment.id),
    ...post(db, {
      fact: "refund_returned",
      parts: wholeOf(refund),
      order,
      payment,
      refundId: refund.id,
      refundVersion: after.version,
      nowMs,
    }),
  ];
}

const wholeOf = (refund: RefundRow) => ({ net: refund.amount_minor, tax: 0, fees: 0 });
