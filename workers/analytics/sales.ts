/** What was sold, counted from `order.paid`. */
import type { MessageData } from "../../shared/contracts/messages";

export const QUARTER_MS = 900_000;

export const quarterOf = (timeMs: number): number => Math.floor(timeMs / QUARTER_MS) * QUARTER_MS;

/**
 * Counts orders in one batch, each once for ever: its sales are added by the statement after the one that claimed its row, and only
 * if that one made it. Counting again changes nothing.
 */
export async function countOrders(db: D1Database, orders: readonly MessageData<"order.paid">[], nowMs: number): Promise<void> {
  const claim = db.prepare(
    "INSERT INTO counted_orders (order_id, event_id, counted_at_ms) VALUES (?, ?, ?) ON CONFLICT (order_id) DO NOTHING",
  );
  const add = db.prepare(
    `INSERT INTO sales (event_id, quarter_starts_at_ms, currency, orders, tickets, revenue_minor)
     SELECT ?, ?, ?, 1, ?, ? WHERE changes() = 1
     ON CONFLICT (event_id, quarter_starts_at_ms, currency) DO UPDATE SET
       orders = orders + 1, tickets = tickets + excluded.tickets, revenue_minor = revenue_minor + excluded.revenue_minor`,
  );
  await db.batch(
    orders.flatMap(({ orderId, eventId, paidAtMs, currency, ticketCount, totalMinor }) => [
      claim.bind(orderId, eventId, nowMs),
      add.bind(eventId, quarterOf(paidAtMs), currency, ticketCount, totalMinor),
    ]),
  );
}
