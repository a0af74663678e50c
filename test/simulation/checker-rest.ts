/** Nothing stands half-way: whatever was begun has ended, or waits for a person who is free to take his time. */
import type { Violation } from "./checker.ts";
import type { Snapshot } from "./snapshot.ts";

export function checkRest({ payments, notifications, inventories, outbox, deadLetters, dueByMs }: Snapshot): Violation[] {
  const halfWay = <T>(rule: string, rows: readonly T[], idOf: (row: T) => string, what: (row: T) => string): Violation[] =>
    rows.map((row) => ({ rule, id: idOf(row), what: what(row) }));
  const id = (row: { id: string }) => row.id;
  const announced = new Set(
    payments.test_deliveries.filter(({ due_at_ms }) => due_at_ms > dueByMs).map(({ payment_id }) => payment_id),
  );
  const eventOf = new Map(payments.orders.map((order) => [order.id, order.event_id]));
  const cancelled = new Set(
    inventories.flatMap(({ event }) => event.filter(({ state }) => state === "cancelled").map(({ event_id }) => event_id)),
  );
  return [
    ...halfWay("outbox_left", outbox, id, ({ type, of }) => `${type} in the outbox of ${of}`),
    ...halfWay("dead_letter", deadLetters, id, ({ type, of }) => `${type} was given up in the mailbox of ${of}`),
    ...halfWay(
      "event_refunds_half_way",
      payments.event_refunds.filter(({ finished_at_ms }) => finished_at_ms === null),
      ({ event_id }) => event_id,
      () => "not all of its buyers were looked at",
    ),
    ...halfWay(
      "event_unprocessed",
      payments.provider_events.filter(({ processed_at_ms }) => processed_at_ms === null),
      ({ event_id }) => event_id,
      ({ type }) => `a provider's ${type} was stored and not counted`,
    ),
    ...halfWay(
      "payment_half_way",
      // Who was sent to his bank may take his time, and so may a provider until his timer is due.
      payments.payments.filter(
        (payment) => payment.state === "initiated" || (payment.state === "processing" && !announced.has(payment.id)),
      ),
      id,
      ({ state }) => `is ${state}`,
    ),
    ...halfWay(
      "refund_half_way",
      payments.refunds.filter(({ state }) => state !== "succeeded"),
      id,
      ({ state }) => `is ${state}`,
    ),
    ...halfWay(
      "buyer_forgotten",
      payments.payments.filter(
        ({ order_id, state, is_surplus }) =>
          is_surplus === 0 &&
          (state === "succeeded" || state === "partially_refunded") &&
          cancelled.has(eventOf.get(order_id) ?? ""),
      ),
      id,
      ({ state }) => `is ${state}, and its event was cancelled`,
    ),
    ...halfWay(
      "order_half_way",
      payments.orders.filter(({ state, expires_at_ms, total_minor }) =>
        state === "pending" ? expires_at_ms <= dueByMs || total_minor === 0 : state === "late_paid" || state === "cancelled_paid",
      ),
      id,
      ({ state }) => `is ${state}`,
    ),
    ...halfWay(
      "hold_half_way",
      inventories
        .flatMap(({ holds }) => holds)
        .filter(({ status, expires_at_ms }) => (status === "held" || status === "claimed") && expires_at_ms <= dueByMs),
      id,
      ({ status }) => `is ${status} past its end`,
    ),
    ...halfWay(
      "webhook_half_way",
      payments.test_deliveries.filter(({ delivered_at_ms, due_at_ms }) => delivered_at_ms === null && due_at_ms <= dueByMs),
      ({ event_id }) => event_id,
      () => "was not delivered",
    ),
    ...halfWay(
      "mail_half_way",
      notifications.deliveries.filter(({ status }) => status === "queued" || status === "parked"),
      ({ business_key }) => business_key,
      ({ status }) => `is ${status}`,
    ),
  ];
}
