/** One try to pay, up to the row that stands before the provider is asked. */
import type { PaymentDraft } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { claimAnswer, isKept, type KeptAnswer, type KeyedRequest, keepAnswer, keptRefusal, standingAnswer } from "./answers";
import type { Condition } from "./claims";
import type { Env } from "./environment";
import { rowsOf, type Sale, selectLines } from "./order-rows";
import { isPayable } from "./order-states";
import type { Method, PaymentProvider } from "./providers/provider";
import type { AnswerRow, LineRow, OrderRow, PaymentRow } from "./schema";

/** For so long an expired order gets its stock again, so that it may be paid. */
const REACQUIRED_FOR_MS = 10 * 60_000;

/** All that one try to pay is about, once the caller may. */
export interface Attempt {
  db: D1Database;
  provider: PaymentProvider;
  method: Method;
  draft: PaymentDraft;
  access: Condition;
  paymentId: string;
  keyed: KeyedRequest | null;
  traceparent: string | undefined;
}

/** The payment that was written, or the answer that stands in its way. */
export type Begun = { sale: Sale } | { answer: Result<KeptAnswer, Refusal> };

/** Null: no such order for this buyer. An order whose end has passed is begun only after the object gave it its stock again. */
export async function beginPayment(env: Env, attempt: Attempt): Promise<Begun | null> {
  const first = await begin(attempt, null);
  if (!first || !("expired" in first)) return first;
  const { event_id, id } = first.expired;
  const extended = await env.EVENTS.extendOrder(event_id, id, Date.now() + REACQUIRED_FOR_MS);
  if (!extended.ok) {
    const { code, members } = extended.error;
    return keepRefusal(attempt, code === "sold_out" ? { code, ...(members ? { members } : {}) } : { code: "order_not_payable" });
  }
  const second = await begin(attempt, extended.value.expiresAtMs);
  return second && "expired" in second ? keepRefusal(attempt, { code: "order_not_payable" }) : second;
}

/**
 * One round trip: claims the key, writes the payment if the caller, the order's state and no other payment stand against it, and reads
 * all that the answer needs. `extendedToMs` is the end that the object has given to an order which had passed its own.
 */
async function begin(attempt: Attempt, extendedToMs: number | null): Promise<Begun | { expired: OrderRow } | null> {
  const { db, draft, access, keyed, paymentId } = attempt;
  const nowMs = Date.now();
  const keyStatements = keyed ? claimAnswer(db, keyed, draft.orderId, access, nowMs) : [];
  const extension = extendedToMs === null ? [] : [extendOrder(attempt, extendedToMs)];
  const results = await db.batch([
    ...keyStatements,
    ...extension,
    insertPayment(attempt, nowMs),
    db.prepare(`SELECT * FROM orders WHERE id = ? AND ${access.sql}`).bind(draft.orderId, ...access.values),
    selectLines(db, draft.orderId),
    db
      .prepare(
        "SELECT * FROM payments WHERE order_id = ? AND (id = ? OR state IN ('initiated', 'requires_action', 'processing'))",
      )
      .bind(draft.orderId, paymentId),
  ]);
  const [, orders, lines, payments] = results.slice(keyStatements.length + extension.length);
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

/** The order's end follows the object's (rule 13), or the next sweep would take the stock from under the payment. */
function extendOrder({ db, draft, access }: Attempt, untilMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE orders SET expires_at_ms = ? WHERE id = ? AND ${access.sql} AND state IN ('pending', 'expired') AND expires_at_ms < ?`,
    )
    .bind(untilMs, draft.orderId, ...access.values, untilMs);
}

function insertPayment({ db, draft, access, keyed, paymentId, provider, method }: Attempt, nowMs: number): D1PreparedStatement {
  const lease = keyed
    ? {
        sql: "EXISTS (SELECT 1 FROM answers WHERE answers.id = ? AND answers.lease_token = ?)",
        values: [keyed.id, keyed.leaseToken],
      }
    : { sql: "1", values: [] };
  // Whether an end has passed is the clock's word, not the sweep's.
  return db
    .prepare(
      `INSERT INTO payments (id, order_id, provider, state, amount_minor, currency, method, return_url, created_at_ms, updated_at_ms)
       SELECT ?, orders.id, ?, 'initiated', orders.total_minor, orders.currency, ?, ?, ?, ? FROM orders
       WHERE orders.id = ? AND orders.state IN ('pending', 'expired') AND orders.expires_at_ms > ? AND orders.total_minor > 0
         AND ${access.sql} AND ${lease.sql}
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
      nowMs,
      ...access.values,
      ...lease.values,
    );
}

async function keepRefusal({ db, keyed }: Attempt, refusal: Refusal): Promise<{ answer: Result<never, Refusal> }> {
  if (keyed && isKept(refusal.code)) await keepAnswer(db, keyed, keptRefusal(refusal)).run();
  return { answer: refuse(refusal) };
}
