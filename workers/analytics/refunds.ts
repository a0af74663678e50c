/** What was paid back, and what came back of it, counted from `refund.succeeded` and `refund.returned`. */
import type { Message } from "../../shared/queue/consume";
import { quarterOf } from "./sales";

type Paid = Pick<Message<"refund.succeeded">, "version" | "data">;
type Returned = Pick<Message<"refund.returned">, "version" | "data">;

interface Fact {
  refundId: string;
  version: number;
  eventId: string;
  currency: string;
  atMs: number;
  refunded: Sum;
  returned: Sum;
}
interface Sum {
  tickets: number;
  minor: number;
}
const NOTHING: Sum = { tickets: 0, minor: 0 };

/** A refund may be heard of before its sale, and of money that came back before it was paid. */
export const countRefunds = (db: D1Database, messages: readonly Paid[], nowMs: number): Promise<void> =>
  count(
    db,
    messages.filter(isOfSales).map(({ version, data }) => ({
      ...data,
      version,
      atMs: data.refundedAtMs,
      refunded: { tickets: data.ticketCount, minor: data.amountMinor },
      returned: NOTHING,
    })),
    nowMs,
  );

export const countReturns = (db: D1Database, messages: readonly Returned[], nowMs: number): Promise<void> =>
  count(
    db,
    messages.filter(isOfSales).map(({ version, data }) => ({
      ...data,
      version,
      atMs: data.returnedAtMs,
      refunded: NOTHING,
      returned: { tickets: data.ticketCount, minor: data.amountMinor },
    })),
    nowMs,
  );

/** Money that bought nothing was never counted when it came, so that nothing is taken away when it goes. */
const isOfSales = ({ data: { reason } }: Paid | Returned): boolean => reason !== "surplus";

/** Counts in one batch, each fact once for ever, as `countOrders` does. */
async function count(db: D1Database, facts: readonly Fact[], nowMs: number): Promise<void> {
  if (facts.length === 0) return;
  const claim = db.prepare(
    `INSERT INTO counted_refund_facts (refund_id, version, event_id, counted_at_ms)
     SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM counted_refund_facts WHERE refund_id = ?1 AND version = 0)
     ON CONFLICT (refund_id, version) DO NOTHING`,
  );
  const add = db.prepare(
    `INSERT INTO refunds (event_id, quarter_starts_at_ms, currency, tickets, refunded_minor, returned_tickets, returned_minor)
     SELECT ?, ?, ?, ?, ?, ?, ? WHERE changes() = 1
     ON CONFLICT (event_id, quarter_starts_at_ms, currency) DO UPDATE SET
       tickets = tickets + excluded.tickets, refunded_minor = refunded_minor + excluded.refunded_minor,
       returned_tickets = returned_tickets + excluded.returned_tickets, returned_minor = returned_minor + excluded.returned_minor`,
  );
  await db.batch(
    facts.flatMap(({ refundId, version, eventId, currency, atMs, refunded, returned }) => [
      claim.bind(refundId, version, eventId, nowMs),
      add.bind(eventId, quarterOf(atMs), currency, refunded.tickets, refunded.minor, returned.tickets, returned.minor),
    ]),
  );
}
