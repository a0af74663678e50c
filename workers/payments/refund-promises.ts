/** A refund begins as a row and a promise on its payment, written before anybody is asked for anything (rule 18). */
import type { RefundReason, SurplusCause } from "../../shared/contracts/orders";
import { uuidV8 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import type { Env } from "./environment";
import { post } from "./ledger";
import { partsOfOrder, partsOfRefund } from "./ledger-facts";
import type { Sale } from "./order-rows";
import type { RefundPlan } from "./refund-plans";
import type { PaymentRow, RefundRow } from "./schema";
import { shardOf } from "./shards";

/** Whoever wrote the row carries it out at once; the sweep does where that was cut off. */
export const SWEEP_AFTER_MS = 60_000;

interface Draft {
  id: string;
  payment: Pick<PaymentRow, "id" | "order_id" | "currency">;
  reason: RefundReason;
  amountMinor: number;
  /** Of the tickets to void; null: all that the order has. */
  voids: readonly string[] | null;
  /** That nothing is left for the object to void. */
  isVoided: boolean;
  /** What was said for it, by whoever asked; of a surplus its cause. */
  note?: string;
  requestedBy?: string | null;
}

const newRefund = (draft: Draft, nowMs: number): RefundRow => ({
  id: draft.id,
  payment_id: draft.payment.id,
  order_id: draft.payment.order_id,
  reason: draft.reason,
  note: draft.note ?? null,
  requested_by: draft.requestedBy ?? null,
  state: "pending",
  version: 1,
  amount_minor: draft.amountMinor,
  currency: draft.payment.currency,
  ticket_ids: draft.voids && JSON.stringify(draft.voids),
  voided_at_ms: draft.isVoided ? nowMs : null,
  reference: null,
  failure_code: null,
  generation: 0,
  attempts: 0,
  next_try_at_ms: nowMs + SWEEP_AFTER_MS,
  created_at_ms: nowMs,
  updated_at_ms: nowMs,
});

/** Of money that bought nothing, all of it. Its id is the payment's, so that there is one however often that is found out. */
export async function surplusRefund(env: Env, payment: PaymentRow, cause: SurplusCause, nowMs: number): Promise<RefundRow> {
  const id = await uuidV8(env.ORDER_KEY, ["surplus_refund", payment.id], shardOf(payment.id));
  // It bought no ticket.
  const draft = {
    id,
    payment,
    reason: "surplus",
    note: cause,
    amountMinor: payment.amount_minor,
    voids: [],
    isVoided: true,
  } as const;
  return newRefund(draft, nowMs);
}

/** The same for a payment whose event is cancelled. */
export const eventRefundId = (env: Env, payment: Pick<PaymentRow, "id">): Promise<string> =>
  uuidV8(env.ORDER_KEY, ["event_refund", payment.id], shardOf(payment.id));

/** The row, and on its payment the promise, which the table keeps within what was paid (`refund_within_payment`). */
export const insertSurplusRefund = (db: D1Database, refund: RefundRow): D1PreparedStatement[] => [
  insertRefund(db, refund),
  db.prepare("UPDATE payments SET refunded_minor = refunded_minor + ? WHERE id = ?").bind(refund.amount_minor, refund.payment_id),
];

const insertRefund = (db: D1Database, refund: RefundRow): D1PreparedStatement =>
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
    );

export interface Promising {
  id: string;
  sale: Sale;
  plan: RefundPlan;
  reason: RefundReason;
  /** That the object has voided the tickets already. */
  isVoided: boolean;
  note?: string;
  requestedBy?: string | null;
}

/**
 * The promise, its row, its tickets and its entries in the ledger, or nothing of it. `moved`: the payment is no longer as the plan was
 * made for. `exceeds`: more than is left; two refunds at once cannot both stand, whatever each of them has read.
 */
export async function promiseRefund(db: D1Database, promising: Promising): Promise<RefundRow | "moved" | "exceeds"> {
  const { sale, plan } = promising;
  const { payment, order } = sale;
  const nowMs = Date.now();
  const { amountMinor, voids } = plan;
  const isVoided = promising.isVoided || voids?.length === 0;
  const refund = newRefund({ ...promising, payment, amountMinor, voids, isVoided }, nowMs);
  const promise = db
    .prepare(
      `UPDATE payments SET refunded_minor = refunded_minor + ?, updated_at_ms = ?
       WHERE id = ? AND refunded_minor = ? AND state IN ('succeeded', 'partially_refunded')`,
    )
    .bind(amountMinor, nowMs, payment.id, payment.refunded_minor);
  const parts = partsOfRefund(partsOfOrder(order), payment.refunded_minor, amountMinor);
  try {
    const promised = await guardedBatch(db, promise, [
      insertRefund(db, refund),
      db
        .prepare("INSERT INTO refunded_tickets (ticket_id, refund_id, order_id) SELECT value, ?, ? FROM json_each(?)")
        .bind(refund.id, order.id, JSON.stringify(plan.ticketIds)),
      ...post(db, { fact: "refund", parts, order, payment, refundId: refund.id, nowMs }),
    ]);
    return promised.ok ? refund : "moved";
  } catch (error) {
    if (isConstraint(error, "refund_within_payment") || isConstraint(error, "refunded_tickets.ticket_id")) return "exceeds";
    // Somebody has begun this very refund: an event's, or a key's whose lease had ended.
    if (isConstraint(error, "refunds.id")) return "moved";
    throw error;
  }
}
