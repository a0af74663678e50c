/**
 * The one way by which a fact about money changes an order, whether it came as an answer to our call or as a webhook: the object
 * decides about the stock, then one guarded batch records all of it or nothing (rules 12, 16, 17).
 */

import type { Attendee, ConfirmRefusal, ConfirmRequest } from "../../shared/contracts/inventory";
import type { Envelope } from "../../shared/contracts/messages";
import type { SurplusCause } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import type { Env, Later } from "./environment";
import { postPayment } from "./ledger";
import { deliverLater, orderPaid } from "./news";
import { MAX_TRIES, movedOrder, moveOrder, updateOrder, updatePayment } from "./order-moves";
import { type OrderWithLines, readSale, type Sale } from "./order-rows";
import { isPayable, nextOrderState, nextPaymentState, type OrderFact, type PaymentFact } from "./order-states";
import { fingerprintKeyOf, PERSON_LIMIT } from "./person-limits";
import { insertSurplusRefund, surplusRefund } from "./refund-promises";
import { tryPayingBack } from "./refunds";
import type { OrderRow, PaymentRow, RefundRow } from "./schema";

export interface MoneyFact {
  type: PaymentFact;
  failureCode: string | null;
  /** The provider's name of the payment, null where the fact does not carry it. */
  reference: string | null;
  /** As it may be kept (`storedAction`). */
  nextAction: string | null;
}

/** The object's answer for an order that is to be paid. */
export type Confirmation = Result<unknown, ConfirmRefusal>;

/** What whoever brings a fact knows besides. */
export interface Beside {
  traceparent?: string | undefined;
  /** The object was asked already, for this order as it was read. */
  confirmation?: Confirmation | undefined;
}

/** Applies a fact once. `alongside` goes into the same batch, with the sale as it then stands. */
export async function settle(
  env: Env,
  later: Later,
  db: D1Database,
  sale: Sale,
  fact: MoneyFact,
  alongside: (after: Sale) => D1PreparedStatement[],
  { traceparent, confirmation }: Beside = {},
): Promise<Sale> {
  let before = sale;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // Whoever moved the sale in between may have changed the answer with it.
    const move = await decide(env, later, before, fact, { traceparent, confirmation: tries === 0 ? confirmation : undefined });
    if (!move) {
      const statements = alongside(before);
      if (statements.length > 0) await db.batch(statements);
      return before;
    }
    const moved = await guardedBatch(db, compareAndSet(db, before, move), [
      ...effects(db, before, move),
      ...alongside(move.after),
    ]);
    if (moved.ok) {
      deliverLater(env, later, db, move.envelopes);
      if (move.refund) await tryPayingBack(env, later, db, move.refund);
      return move.after;
    }
    const read = await readSale(db, before.payment.id);
    if (!read) throw new Error("a payment that was read is gone");
    before = read;
  }
  throw new Error("a sale moved too often while a fact was applied");
}

interface Move {
  after: Sale;
  envelopes: Envelope[];
  /** For money that bought nothing. */
  refund: RefundRow | null;
}

/** Null when the fact says nothing new. Asks the object only where money came for an order that may still have its stock. */
async function decide(
  env: Env,
  later: Later,
  before: Sale,
  fact: MoneyFact,
  { traceparent, confirmation }: Beside,
): Promise<Move | null> {
  const paymentState = nextPaymentState(before.payment.state, fact.type);
  if (paymentState === null) return null;
  const nowMs = Date.now();
  const payment: PaymentRow = {
    ...before.payment,
    state: paymentState,
    reference: fact.reference ?? before.payment.reference,
    next_action: fact.nextAction ?? before.payment.next_action,
    failure_code: fact.failureCode,
    updated_at_ms: nowMs,
  };
  if (fact.type !== "payment_succeeded") return { after: { ...before, payment }, envelopes: [], refund: null };

  const stock = await stockFor(env, later, { ...before, payment }, confirmation);
  const orderState = nextOrderState(before.order.state, stock);
  const order = orderState === null ? before.order : movedOrder(before.order, orderState, nowMs);
  const after: Sale = { ...before, order, payment: settledPayment(payment, stock) };
  return {
    after,
    envelopes: orderState === "paid" ? [orderPaid(after, nowMs, traceparent)] : [],
    refund: stock === "confirmed" ? null : await surplusRefund(env, after.payment, causeOf(before.order, stock), nowMs),
  };
}

/** A buyer who may have no more is told so by his payment as well. */
const settledPayment = (payment: PaymentRow, stock: OrderFact): PaymentRow => ({
  ...payment,
  is_surplus: stock === "confirmed" ? 0 : 1,
  failure_code: stock === "money_over_limit" ? PERSON_LIMIT : payment.failure_code,
});

/** For the buyer, who is told why he has his money back. */
function causeOf(order: OrderRow, stock: OrderFact): SurplusCause {
  if (order.paid_at_ms !== null) return "paid_twice";
  if (stock === "money_over_limit") return PERSON_LIMIT;
  return stock === "money_without_stock" ? "sold_out" : "order_ended";
}

/** What the money is for, by the object's word: it tells stock that is gone from an order that was given back for good. */
async function stockFor(env: Env, later: Later, sale: Sale, known: Confirmation | undefined): Promise<OrderFact> {
  const { order } = sale;
  if (!isPayable(order.state)) return "money_after_release";
  const confirmed = known ?? (await env.EVENTS.confirmOrder(requestOf(order, await fingerprintKeyOf(env, later, sale))));
  if (confirmed.ok) return "confirmed";
  if (confirmed.error.code === "sold_out") return "money_without_stock";
  if (confirmed.error.code === PERSON_LIMIT) return giveBackOverLimit(env, order);
  // An earlier try has given the order back for that, and came no further.
  return confirmed.error.releasedFor === PERSON_LIMIT ? "money_over_limit" : "money_after_release";
}

/** The object first (rule 12): an order that another payment has confirmed meanwhile stays its buyer's. */
async function giveBackOverLimit(env: Env, order: OrderRow): Promise<OrderFact> {
  const released = await env.EVENTS.releaseOrder(order.event_id, order.id, PERSON_LIMIT);
  return released.ok && released.value.outcome === "confirmed" ? "confirmed" : "money_over_limit";
}

const requestOf = (order: OrderRow, fingerprintKey?: string): ConfirmRequest => ({
  eventId: order.event_id,
  orderId: order.id,
  buyer: { name: order.buyer_name, email: order.buyer_email },
  // Written from the order's form.
  attendees: JSON.parse(order.attendees) as Attendee[],
  ...(fingerprintKey === undefined ? {} : { fingerprintKey }),
});

/** One call for at most a hundred orders of one event; the answers by order. */
export async function confirmMany(env: Env, eventId: string, orders: readonly OrderRow[]): Promise<Map<string, Confirmation>> {
  const asked = [...new Map(orders.map((order) => [order.id, requestOf(order)] as const)).values()];
  const answers = asked.length === 0 ? [] : await env.EVENTS.confirmOrders(eventId, asked);
  return new Map(answers.map((answer, index) => [asked[index]?.orderId ?? "", answer]));
}

/** The order's move where it moves, else the payment's; either way both must be as they were when it was decided. */
function compareAndSet(db: D1Database, before: Sale, { after }: Move): D1PreparedStatement {
  if (after.order === before.order) {
    return updatePayment(db, before.payment, after.payment, "AND EXISTS (SELECT 1 FROM orders WHERE id = ? AND version = ?)", [
      before.order.id,
      before.order.version,
    ]);
  }
  return updateOrder(db, before.order, after.order, "AND EXISTS (SELECT 1 FROM payments WHERE id = ? AND state = ?)", [
    before.payment.id,
    before.payment.state,
  ]);
}

function effects(db: D1Database, before: Sale, { after, envelopes, refund }: Move): D1PreparedStatement[] {
  const payment = after.order === before.order ? [] : [updatePayment(db, before.payment, after.payment)];
  const isMoney = before.payment.state !== after.payment.state && after.payment.state === "succeeded";
  const ledger = isMoney ? postPayment(db, after.order, after.payment, after.payment.updated_at_ms) : [];
  const owed = refund ? insertSurplusRefund(db, refund) : [];
  return [...payment, ...ledger, ...owed, ...envelopes.map((message) => announce(db, message))];
}

/** An order that costs nothing has no payment, and goes the same way otherwise. */
export async function confirmFreeOrder(
  env: Env,
  later: Later,
  db: D1Database,
  sale: OrderWithLines,
  { traceparent, confirmation }: Beside = {},
): Promise<Result<OrderRow, Refusal<"sold_out" | "person_limit" | "order_not_payable">>> {
  const confirmed = confirmation ?? (await env.EVENTS.confirmOrder(requestOf(sale.order)));
  if (!confirmed.ok && (confirmed.error.code === PERSON_LIMIT || confirmed.error.releasedFor === PERSON_LIMIT)) {
    const stock = await giveBackOverLimit(env, sale.order);
    if (stock !== "confirmed") await moveOrder(db, sale, "released");
    return refuse(confirmed.error.code === PERSON_LIMIT ? { ...confirmed.error, code: PERSON_LIMIT } : { code: PERSON_LIMIT });
  }
  if (!confirmed.ok)
    return refuse({ ...confirmed.error, code: confirmed.error.code === "sold_out" ? "sold_out" : "order_not_payable" });
  const moved = await moveOrder(db, sale, "confirmed", (after) => {
    const message = orderPaid(after, Date.now(), traceparent);
    return { statements: [announce(db, message)], committed: () => deliverLater(env, later, db, [message]) };
  });
  return moved?.state === "paid" ? ok(moved) : refuse({ code: "order_not_payable" });
}
