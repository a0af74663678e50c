/** Writes down what the state tables decided: compare-and-set, so that a row which moved in between is left alone (rule 16). */
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { type OrderWithLines, readOrder } from "./order-rows";
import { nextOrderState, type OrderFact, type OrderState } from "./order-states";
import type { OrderRow, PaymentRow } from "./schema";

/** Each try means that somebody else moved the order in between, and an order has only a handful of moves. */
export const MAX_TRIES = 6;

export function movedOrder(order: OrderRow, state: OrderState, nowMs: number): OrderRow {
  return {
    ...order,
    state,
    version: order.version + 1,
    updated_at_ms: nowMs,
    paid_at_ms: state === "paid" ? nowMs : order.paid_at_ms,
  };
}

export function updateOrder(
  db: D1Database,
  before: OrderRow,
  after: OrderRow,
  also = "",
  values: unknown[] = [],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE orders SET state = ?, version = ?, updated_at_ms = ?, paid_at_ms = ? WHERE id = ? AND state = ? AND version = ? ${also}`,
    )
    .bind(after.state, after.version, after.updated_at_ms, after.paid_at_ms, before.id, before.state, before.version, ...values);
}

export function updatePayment(
  db: D1Database,
  before: PaymentRow,
  after: PaymentRow,
  also = "",
  values: unknown[] = [],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE payments SET state = ?, reference = ?, next_action = ?, failure_code = ?, is_surplus = ?, updated_at_ms = ?
       WHERE id = ? AND state = ? ${also}`,
    )
    .bind(
      after.state,
      after.reference,
      after.next_action,
      after.failure_code,
      after.is_surplus,
      after.updated_at_ms,
      before.id,
      before.state,
      ...values,
    );
}

/** The order's end follows the object's, out and never in (rule 13), or the next sweep would take the stock from under a payment. */
export const moveEnd = (db: D1Database, { id }: Pick<OrderRow, "id">, untilMs: number): D1PreparedStatement =>
  db
    .prepare("UPDATE orders SET expires_at_ms = ? WHERE id = ? AND state IN ('pending', 'expired') AND expires_at_ms < ?")
    .bind(untilMs, id, untilMs);

interface Alongside {
  statements: D1PreparedStatement[];
  committed?: () => void;
}

/**
 * Moves an order without a payment by a fact that the object has decided already. Null when the order is gone; otherwise the order as
 * it stands, moved by this call or by another one.
 */
export async function moveOrder(
  db: D1Database,
  sale: OrderWithLines,
  fact: OrderFact,
  alongside: (after: OrderWithLines) => Alongside = () => ({ statements: [] }),
): Promise<OrderRow | null> {
  let before: OrderWithLines | null = sale;
  for (let tries = 0; before && tries < MAX_TRIES; tries++) {
    const state = nextOrderState(before.order.state, fact);
    if (state === null) return before.order;
    const after: OrderWithLines = { ...before, order: movedOrder(before.order, state, Date.now()) };
    const { statements, committed } = alongside(after);
    const moved = await guardedBatch(db, updateOrder(db, before.order, after.order), statements);
    if (moved.ok) {
      committed?.();
      return after.order;
    }
    before = await readOrder(db, sale.order.id);
  }
  return before?.order ?? null;
}
