/** What was sold, counted from `order.paid`. */
import { and, asc, eq, gte, lt, sum } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { MessageData } from "../../shared/contracts/messages";
import { type Money, money } from "../../shared/contracts/money";
import { localDay } from "../../shared/locale/moment";
import { sales } from "./schema";

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
/** Days in one answer; the latest of a longer wish. */
export const MAX_DAYS = 366;

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
      add.bind(eventId, Math.floor(paidAtMs / QUARTER_MS) * QUARTER_MS, currency, ticketCount, totalMinor),
    ]),
  );
}

export interface Figures {
  orders: number;
  tickets: number;
  /** Null where the event has no ticket type yet, and so no currency. */
  revenue: Money | null;
}

/** An event's ticket types share one currency. */
const currencyOf = (event: PublishedEvent): string | null => event.ticketTypes[0]?.price.currency ?? null;

export async function summarize(db: D1Database, event: PublishedEvent): Promise<Figures> {
  const currency = currencyOf(event);
  if (currency === null) return { orders: 0, tickets: 0, revenue: null };
  const total = await drizzle(db)
    .select({ orders: sum(sales.orders), tickets: sum(sales.tickets), revenueMinor: sum(sales.revenueMinor) })
    .from(sales)
    .where(and(eq(sales.eventId, event.id), eq(sales.currency, currency)))
    .get();
  return {
    orders: Number(total?.orders ?? 0),
    tickets: Number(total?.tickets ?? 0),
    revenue: money(Number(total?.revenueMinor ?? 0), currency),
  };
}

export interface Days {
  /** Local days, RFC 3339 full-dates, both included. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Local days on which something was sold, oldest first. */
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
  const rows = await drizzle(db)
    .select()
    .from(sales)
    .where(
      and(
        eq(sales.eventId, event.id),
        eq(sales.currency, currency),
        // A local day lies within 14 hours of the day of that name in UTC.
        gte(sales.quarterStartsAtMs, Date.parse(first) - DAY_MS),
        lt(sales.quarterStartsAtMs, Date.parse(last) + 2 * DAY_MS),
      ),
    )
    .orderBy(asc(sales.quarterStartsAtMs));
  return [...Map.groupBy(rows, (row) => localDay(row.quarterStartsAtMs, event.timezone))]
    .filter(([day]) => first <= day && day <= last)
    .map(([period, ofDay]) => ({
      period,
      orders: total(ofDay, "orders"),
      tickets: total(ofDay, "tickets"),
      revenue: money(total(ofDay, "revenueMinor"), currency),
    }));
}

const total = <K extends string>(rows: readonly Record<K, number>[], name: K): number =>
  rows.reduce((sumSoFar, row) => sumSoFar + row[name], 0);
