/** Sales and refunds as an organizer reads them: revenue is net, and each fact stands at its own time. */
import type { PublishedEvent } from "../../shared/contracts/events";
import { money } from "../../shared/contracts/money";
import { localDay } from "../../shared/locale/moment";
import type { Figures } from "./answers";

const DAY_MS = 86_400_000;
/** Days in one answer; the latest of a longer wish. */
export const MAX_DAYS = 366;

/** An event's ticket types share one currency; null while it has none. */
const currencyOf = (event: PublishedEvent): string | null => event.ticketTypes[0]?.price.currency ?? null;

interface Sums {
  orders: number;
  tickets: number;
  refundedTickets: number;
  revenueMinor: number;
}

const SUMS =
  "COALESCE(SUM(orders), 0) AS orders, COALESCE(SUM(tickets), 0) AS tickets, COALESCE(SUM(refunded), 0) AS refundedTickets, COALESCE(SUM(minor), 0) AS revenueMinor";
/** What happened in each quarter of an hour of one event and currency. */
const FACTS = `(SELECT quarter_starts_at_ms AS quarter, orders, tickets, 0 AS refunded, revenue_minor AS minor
    FROM sales WHERE event_id = ?1 AND currency = ?2
  UNION ALL SELECT quarter_starts_at_ms, 0, 0, tickets, -refunded_minor FROM refunds WHERE event_id = ?1 AND currency = ?2)`;

const figuresOf = ({ revenueMinor, orders, tickets, refundedTickets }: Sums, currency: string): Figures => ({
  orders,
  tickets,
  refundedTickets,
  revenue: money(revenueMinor, currency),
});

export async function summarize(db: D1Database, event: PublishedEvent): Promise<Figures> {
  const currency = currencyOf(event);
  if (currency === null) return { orders: 0, tickets: 0, refundedTickets: 0, revenue: null };
  const sums = await db.prepare(`SELECT ${SUMS} FROM ${FACTS}`).bind(event.id, currency).first<Sums>();
  if (sums === null) throw new Error("a sum without a row");
  return figuresOf(sums, currency);
}

export interface Days {
  /** Local days, RFC 3339 full-dates, both included. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Local days on which something was sold or paid back, oldest first. */
export async function salesByDay(
  db: D1Database,
  event: PublishedEvent,
  { from, to }: Days,
  nowMs: number,
): Promise<(Figures & { period: string })[]> {
  const currency = currencyOf(event);
  if (currency === null) return [];
  const last = to ?? localDay(nowMs, event.timezone);
  const earliest = new Date(Date.parse(last) - (MAX_DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const first = from !== undefined && from > earliest ? from : earliest;
  const { results } = await db
    .prepare(`SELECT quarter, ${SUMS} FROM ${FACTS} WHERE quarter >= ?3 AND quarter < ?4 GROUP BY quarter ORDER BY quarter`)
    // A local day lies within 14 hours of the day of that name in UTC.
    .bind(event.id, currency, Date.parse(first) - DAY_MS, Date.parse(last) + 2 * DAY_MS)
    .all<Sums & { quarter: number }>();
  return [...Map.groupBy(results, ({ quarter }) => localDay(quarter, event.timezone))]
    .filter(([day]) => first <= day && day <= last)
    .map(([period, ofDay]) => ({ period, ...figuresOf(ofDay.reduce<Sums>(addSums, NOTHING), currency) }));
}

const NOTHING: Sums = { orders: 0, tickets: 0, refundedTickets: 0, revenueMinor: 0 };
const addSums = (a: Sums, b: Sums): Sums => ({
  orders: a.orders + b.orders,
  tickets: a.tickets + b.tickets,
  refundedTickets: a.refundedTickets + b.refundedTickets,
  revenueMinor: a.revenueMinor + b.revenueMinor,
});
