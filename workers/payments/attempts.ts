/** One try to pay, up to the row that stands before the provider is asked. */
import type { PaymentDraft } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { isKept } from "../../shared/d1/kept-answers";
import { claimAnswer, freeLease, type KeptAnswer, type KeyedRequest, keepAnswer, keptRefusal, standingAnswer } from "./answers";
import type { Condition } from "./claims";
import type { Env } from "./environment";
import { moveEnd } from "./order-moves";
import { rowsOf, type Sale, selectLines } from "./order-rows";
import { isPayable, PAYMENT_NEXT, SUPERSEDED } from "./order-states";
import type { Method, PaymentProvider } from "./providers/provider";
import type { AnswerRow, LineRow, OrderRow, PaymentRow } from "./schema";

/** For so long an expired order gets its stock again, so that it may be paid; the object gives it so a few times (rule 13). */
const REACQUIRED_FOR_MS = 10 * 60_000;
/** A payment whose provider has not been heard by then is looked up. */
export const LOOK_UP_AFTER_MS = 60_000;
/** One that nobody has asked its provider for by then, nor taken a turn for, is a killed request's: whoever comes next asks. */
const ASK_AFTER_MS = 15_000;

/** All that one try to pay is about, once the caller may. */
export interface Attempt {
  db: D1Database;
  provider: PaymentProvider;
  method: Method;
  draft: PaymentDraft;
  access: Condition;
  /** The new payment's, unless the request's key has made one already. */
  newPaymentId: string;
  keyed: KeyedRequest | null;
  traceparent: string | undefined;
}

/** The payment that stands now. */
export interface BegunPayment {
  sale: Sale;
  /** False: an earlier request with this key wrote it, and may have asked the provider. */
  isNew: boolean;
  /** Payments that waited for the buyer, who now comes with this one. */
  superseded: PaymentRow[];
  /** The object has just said that the order may be paid. */
  admitted: boolean;
}

/** The payment that was written, or the answer that stands in its way. */
export type Begun = BegunPayment | { answer: Result<KeptAnswer, Refusal> };

/** Null: no such order for this buyer. An order whose end has passed is begun only after the object gave it its stock again. */
export async function beginPayment(env: Env, attempt: Attempt): Promise<Begun | null> {
  const first = await begin(attempt, null);
  if (!first || !("expired" in first)) return first;
  const { event_id, id } = first.expired;
  const extended = await env.EVENTS.extendOrder(event_id, id, Date.now() + REACQUIRED_FOR_MS);
  if (!extended.ok) return keepRefusal(attempt, unpayable(extended.error));
  const second = await begin(attempt, extended.value.expiresAtMs);
  return second && "expired" in second ? keepRefusal(attempt, { code: "order_not_payable" }) : second;
}

/** The object's refusal as the buyer hears it: released, closed and too often are all the same to him. */
export const unpayable = ({ code, members }: Refusal): Refusal<"sold_out" | "person_limit" | "order_not_payable"> =>
  code === "sold_out" || code === "person_limit" ? { code, ...(members ? { members } : {}) } : { code: "order_not_payable" };

/**
 * One round trip: claims the key, writes the payment if the caller, the order's state and no other payment stand against it, and reads
 * all that the answer needs. `extendedToMs` is the end that the object has given to an order which had passed its own.
 */
async function begin(attempt: Attempt, extendedToMs: number | null): Promise<Begun | { expired: OrderRow } | null> {
  const { db, draft, access, keyed } = attempt;
  const nowMs = Date.now();
  const keyStatements = keyed ? claimAnswer(db, keyed, draft.orderId, access, nowMs) : [];
  const extension = extendedToMs === null ? [] : [moveEnd(db, { id: draft.orderId }, extendedToMs)];
  const { sql: itsId, values: idValues } = paymentIdOf(attempt);
  const results = await db.batch([
    ...keyStatements,
    ...extension,
    supersede(attempt, nowMs),
    insertPayment(attempt, nowMs),
    db.prepare(`SELECT * FROM orders WHERE id = ? AND ${access.sql}`).bind(draft.orderId, ...access.values),
    selectLines(db, draft.orderId),
    db
      .prepare(
        `SELECT *, id = ${itsId} AS is_this FROM payments
         WHERE order_id = ? AND (id = ${itsId} OR state IN ('initiated', 'requires_action', 'processing'))`,
      )
      .bind(...idValues, draft.orderId, ...idValues),
  ]);
  const [superseded, inserted, orders, lines, payments] = results.slice(keyStatements.length + extension.length);
  const [order] = rowsOf<OrderRow>(orders);
  if (!order) return null;
  if (keyed) {
    const [row] = rowsOf<AnswerRow>(results[1]);
    if (!row) throw new Error("a key was claimed and is not there");
    const standing = standingAnswer(keyed, row);
    if (standing) return { answer: standing };
  }
  const found = rowsOf<PaymentRow & { is_this: 0 | 1 }>(payments);
  const payment = found.find(({ is_this }) => is_this === 1);
  if (payment) {
    return {
      sale: { order, lines: rowsOf<LineRow>(lines), payment },
      isNew: inserted?.meta.changes === 1,
      superseded: rowsOf<PaymentRow>(superseded),
      admitted: extendedToMs !== null,
    };
  }
  if (!isPayable(order.state) || order.total_minor === 0) return keepRefusal(attempt, { code: "order_not_payable" });
  // One that only waits for the buyer stands in nobody's way, once the order itself may be paid again.
  if (found.some(({ state }) => state !== "requires_action")) return keepRefusal(attempt, { code: "payment_in_progress" });
  return { expired: order };
}

/** The row of a key names its payment, so that the key's next day makes another one. */
const paymentIdOf = ({ keyed, newPaymentId }: Attempt): Condition =>
  keyed
    ? { sql: "(SELECT subject_id FROM answers WHERE answers.id = ?)", values: [keyed.id] }
    : { sql: "?", values: [newPaymentId] };

/** True for the order that may get a new payment now. Whether an end has passed is the clock's word, not the sweep's. */
function beginnable({ draft, access, keyed }: Attempt, nowMs: number): Condition {
  const lease = keyed ? " AND EXISTS (SELECT 1 FROM answers WHERE answers.id = ? AND answers.lease_token = ?)" : "";
  return {
    sql: `orders.id = ? AND orders.state IN ('pending', 'expired') AND orders.expires_at_ms > ? AND orders.total_minor > 0
      AND ${access.sql}${lease}`,
    values: [draft.orderId, nowMs, ...access.values, ...(keyed ? [keyed.id, keyed.leaseToken] : [])],
  };
}

/** A buyer who left his bank's page comes with another card: what waited for him fails. Money that it brings all the same is a fact. */
function supersede(attempt: Attempt, nowMs: number): D1PreparedStatement {
  const id = paymentIdOf(attempt);
  const order = beginnable(attempt, nowMs);
  return attempt.db
    .prepare(
      `UPDATE payments SET state = ?, failure_code = ?, updated_at_ms = ?
       WHERE order_id = ? AND state = 'requires_action' AND NOT EXISTS (SELECT 1 FROM payments WHERE id = ${id.sql})
         AND EXISTS (SELECT 1 FROM orders WHERE ${order.sql})
       RETURNING *`,
    )
    .bind(PAYMENT_NEXT.requires_action.payment_failed, SUPERSEDED, nowMs, attempt.draft.orderId, ...id.values, ...order.values);
}

function insertPayment(attempt: Attempt, nowMs: number): D1PreparedStatement {
  const { db, draft, provider, method } = attempt;
  const id = paymentIdOf(attempt);
  const order = beginnable(attempt, nowMs);
  return db
    .prepare(
      `INSERT INTO payments (id, order_id, provider, state, amount_minor, currency, method, return_url, next_try_at_ms, asked_at_ms,
         created_at_ms, updated_at_ms)
       SELECT ${id.sql}, orders.id, ?, 'initiated', orders.total_minor, orders.currency, ?, ?, ?, ?, ?, ? FROM orders WHERE ${order.sql}
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      ...id.values,
      provider.name,
      JSON.stringify(method),
      draft.returnUrl ?? null,
      nowMs + (provider.takeTurn ? ASK_AFTER_MS : LOOK_UP_AFTER_MS),
      // Where there are turns to wait for, it is written down by itself that the provider is asked.
      provider.takeTurn ? null : nowMs,
      nowMs,
      nowMs,
      ...order.values,
    );
}

async function keepRefusal({ db, keyed }: Attempt, refusal: Refusal): Promise<{ answer: Result<never, Refusal> }> {
  if (keyed) await (isKept(refusal.code) ? keepAnswer(db, keyed, keptRefusal(refusal)) : freeLease(db, keyed)).run();
  return { answer: refuse(refusal) };
}
