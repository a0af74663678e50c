/** Sales, refunds and admissions as an organizer reads them: revenue is net, and each fact stands at its own time. */
import type { PublishedEvent } from "../../shared/contracts/events";
import { money } from "../../shared/contracts/money";
import type { Figures } from "./answers";
import { type Interval, LocalPeriods, type Period } from "./local-periods";
import { quarterOf } from "./sales";

const DAY_MS = 86_400_000;
/** Days in one answer; the latest of a longer wish. */
export const MAX_DAYS: Record<Interval, number> = { day: 366, hour: 31 };

/** An event's ticket types share one currency; null while it has none. */
export const currencyOf = (event: PublishedEvent): string | null => event.ticketTypes[0]?.price.currency ?? null;

interface Sums {
  orders: number;
  tickets: number;
  refundedTickets: number;
  checkIns: number;
  revenueMinor: number;
}

const SUMS =
  "COALESCE(SUM(orders), 0) AS orders, COALESCE(SUM(tickets), 0) AS tickets, COALESCE(SUM(refunded), 0) AS refundedTickets, COALESCE(SUM(admitted), 0) AS checkIns, COALESCE(SUM(minor), 0) AS revenueMinor";
/** What happened in each quarter of an hour of one event and currency. */
const FACTS = `(SELECT quarter_starts_at_ms AS quarter, orders, tickets, 0 AS refunded, 0 AS admitted, revenue_minor AS minor
    FROM sales WHERE event_id = ?1 AND currency = ?2
  UNION ALL SELECT quarter_starts_at_ms, 0, 0, tickets - returned_tickets, 0, returned_minor - refunded_minor
    FROM refunds WHERE event_id = ?1 AND currency = ?2
  UNION ALL SELECT quarter_starts_at_ms, 0, 0, 0, admitted, 0 FROM admissions WHERE event_id = ?1)`;

const figuresOf = ({ revenueMinor, ...counts }: Sums, currency: string): Figures => ({
  ...counts,
  revenue: money(revenueMinor, currency),
});

export async function summarize(db: D1Database, event: PublishedEvent): Promise<Figures> {
  const currency = currencyOf(event);
  if (currency === null) return { orders: 0, tickets: 0, refundedTickets: 0, checkIns: 0, revenue: null };
  const sums = await db.prepare(`SELECT ${SUMS} FROM ${FACTS}`).bind(event.id, currency).first<Sums>();
  if (sums === null) throw new Error("a sum without a row");
  return figuresOf(sums, currency);
}

/** What is asked for: local days, RFC 3339 full-dates, both included. */
export interface Wish {
  interval: Interval;
  from?: string | undefined;
  to?: string | undefined;
}

export interface Point extends Figures, Period {}

/** Hours or days in which something was sold, paid back or somebody let in, oldest first. */
export async function figuresByPeriod(
  db: D1Database,
  event: PublishedEvent,
  { interval, from, to }: Wish,
  nowMs: number,
): Promise<Point[]> {
  const currency = currencyOf(event);
  if (currency === null) return [];
  const local = new LocalPeriods(event.timezone);
  const last = to ?? local.day(quarterOf(nowMs));
  const earliest = new Date(Date.parse(last) - (MAX_DAYS[interval] - 1) * DAY_MS).toISOString().slice(0, 10);
  const first = from !== undefined && from > earliest ? from : earliest;
  const { results } = await db
    .prepare(`SELECT quarter, ${SUMS} FROM ${FACTS} WHERE quarter >= ?3 AND quarter < ?4 GROUP BY quarter ORDER BY quarter`)
    // A local day lies within 14 hours of the day of that name in UTC.
    .bind(event.id, currency, Date.parse(first) - DAY_MS, Date.parse(last) + 2 * DAY_MS)
    .all<Sums & { quarter: number }>();
  const points = new Map<number, { period: Period; sums: Sums }>();
  for (const { quarter, ...sums } of results) {
    const day = local.day(quarter);
    if (day < first || last < day) continue;
    const period = local.of(quarter, interval);
    points.set(period.startsAtMs, { period, sums: addSums(points.get(period.startsAtMs)?.sums ?? NOTHING, sums) });
  }
  return [...points.values()].map(({ period, sums }) => ({ ...period, ...figuresOf(sums, currency) }));
}

const NOTHING: Sums = { orders: 0, tickets: 0, refundedTickets: 0, checkIns: 0, revenueMinor: 0 };
const addSums = (a: Sums, b: Sums): Sums => ({
  orders: a.orders + b.orders,
  tickets: a.tickets + b.tickets,
  refundedTickets: a.refundedTickets + b.refundedTickets,
  checkIns: a.checkIns + b.checkIns,
  revenueMinor: a.revenueMinor + b.revenueMinor,
});
