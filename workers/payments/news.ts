/** What others hear of orders and refunds: written in the same batch as the change, delivered after it. */
import type { Envelope } from "../../shared/contracts/messages";
import { deliver } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { envelope } from "../../shared/queue/envelope";
import { type Env, type Later, mailboxesOf } from "./environment";
import type { OrderWithLines } from "./order-rows";
import type { OrderRow, RefundRow } from "./schema";

const SOURCE = "/payments";

export function orderPaid({ order, lines }: OrderWithLines, nowMs: number, traceparent: string | undefined): Envelope {
  return envelope(SOURCE, {
    type: "order.paid",
    subject: order.id,
    version: order.version,
    nowMs,
    traceparent,
    data: {
      orderId: order.id,
      eventId: order.event_id,
      organizerId: order.organizer_id,
      totalMinor: order.total_minor,
      currency: order.currency,
      ticketCount: lines.reduce((sum, line) => sum + line.quantity, 0),
      paidAtMs: order.paid_at_ms ?? nowMs,
      orderedAtMs: order.created_at_ms,
    },
  });
}

export const orderExpired = (order: Pick<OrderRow, "id" | "event_id" | "organizer_id" | "version">, nowMs: number): Envelope =>
  envelope(SOURCE, {
    type: "order.expired",
    subject: order.id,
    version: order.version,
    nowMs,
    data: { orderId: order.id, eventId: order.event_id, organizerId: order.organizer_id },
  });

const movedRefund = (refund: RefundRow, order: OrderRow, ticketCount: number) => ({
  refundId: refund.id,
  paymentId: refund.payment_id,
  orderId: order.id,
  eventId: order.event_id,
  organizerId: order.organizer_id,
  amountMinor: refund.amount_minor,
  currency: refund.currency,
  reason: refund.reason,
  ticketCount,
});

/** `refund` as it stands after the move. */
export function refundSucceeded(refund: RefundRow, order: OrderRow, ticketCount: number, nowMs: number): Envelope {
  const data = { ...movedRefund(refund, order, ticketCount), refundedAtMs: nowMs };
  return envelope(SOURCE, { type: "refund.succeeded", subject: refund.id, version: refund.version, nowMs, data });
}

/** `refund` as it stands after the move. */
export function refundReturned(refund: RefundRow, order: OrderRow, ticketCount: number, nowMs: number): Envelope {
  const data = { ...movedRefund(refund, order, ticketCount), returnedAtMs: nowMs };
  return envelope(SOURCE, { type: "refund.returned", subject: refund.id, version: refund.version, nowMs, data });
}

/** The rows stand in the outbox; if this is cut off, the sweep sends them. */
export function deliverLater(env: Env, later: Later, db: D1Database, envelopes: Envelope[]): void {
  if (envelopes.length === 0) return;
  const delivery = deliver(db, mailboxesOf(env), envelopes);
  later.waitUntil(delivery.catch((error) => reportError(error, env, later, { task: "deliver the outbox" })));
}
