/** What was paid back, counted from `refund.succeeded`. */
import type { MessageData } from "../../shared/contracts/messages";
import { quarterOf } from "./sales";

/**
 * Counts refunds in one batch, each once for ever, as `countOrders` does. Money that bought nothing was never counted when it came, so
 * that nothing is taken away when it goes. A refund may be heard of before its sale.
 */
export async function countRefunds(
  db: D1Database,
  refunds: readonly MessageData<"refund.succeeded">[],
  nowMs: number,
): Promise<void> {
  const counted = refunds.filter(({ reason }) => reason !== "surplus");
  if (counted.length === 0) return;
  const claim = db.prepare(
    "INSERT INTO counted_refunds (refund_id, event_id, counted_at_ms) VALUES (?, ?, ?) ON CONFLICT (refund_id) DO NOTHING",
  );
  const add = db.prepare(
    `INSERT INTO refunds (event_id, quarter_starts_at_ms, currency, tickets, refunded_minor)
     SELECT ?, ?, ?, ?, ? WHERE changes() = 1
     ON CONFLICT (event_id, quarter_starts_at_ms, currency) DO UPDATE SET
       tickets = tickets + excluded.tickets, refunded_minor = refunded_minor + excluded.refunded_minor`,
  );
  await db.batch(
    counted.flatMap(({ refundId, eventId, refundedAtMs, currency, ticketCount, amountMinor }) => [
      claim.bind(refundId, eventId, nowMs),
      add.bind(eventId, quarterOf(refundedAtMs), currency, ticketCount, amountMinor),
    ]),
  );
}
