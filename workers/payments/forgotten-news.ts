/**
 * A queue of the network keeps what it took. A local one lives in memory, and a kill takes with it what nobody had read (rule 21): so the
 * first sweep of a process says once more what was said shortly before it. Whoever has heard it counts each fact once anyway.
 */
import type { Envelope } from "../../shared/contracts/messages";
import { announce } from "../../shared/d1/outbox";
import type { Env } from "./environment";
import { orderPaid, refundSucceeded } from "./news";
import { readOrders } from "./order-rows";
import { readRefund } from "./refund-words";
import type { OrderRow } from "./schema";

/** As long as a mailbox tries one message, and a little more (`shared/queue/consume.ts`). */
const RETOLD_MS = 2 * 3_600_000;
/** Of each kind, by one call; and calls of one sweep. */
const MAX_RETOLD = 200;
const MAX_PAGES = 3;
/** Rows that are looked at, newest first: no index is kept for this. */
const NEWEST_ROWS = 10_000;

/** What has been retold, in the order of time. */
export interface Retold {
  untilMs: number;
  orders: Position;
  refunds: Position;
}
interface Position {
  ms: number;
  id: string;
}

/** At the process's first sweep: everything before it that a mailbox may still have had before it. */
export const beginRetelling = (nowMs: number): Retold => ({
  untilMs: nowMs,
  orders: { ms: nowMs - RETOLD_MS, id: "" },
  refunds: { ms: nowMs - RETOLD_MS, id: "" },
});

/** Puts the next page into the outbox and moves on behind it; answers how many messages that were. */
export async function retell(db: D1Database, retold: Retold, limit = MAX_RETOLD): Promise<number> {
  const news = [...(await ordersAfter(db, retold, limit)), ...(await refundsAfter(db, retold, limit))];
  if (news.length > 0) await db.batch(news.map(({ envelope }) => announce(db, envelope)));
  for (const { of, ms, id } of news) retold[of] = { ms, id };
  return news.length;
}

interface News extends Position {
  of: "orders" | "refunds";
  envelope: Envelope;
}

async function ordersAfter(db: D1Database, { orders, untilMs }: Retold, limit: number): Promise<News[]> {
  const { results } = await db
    .prepare(
      `SELECT * FROM orders WHERE rowid > (SELECT max(rowid) FROM orders) - ${NEWEST_ROWS} AND state IN ('paid', 'partially_refunded', 'refunded') AND (paid_at_ms, id) > (?, ?) AND paid_at_ms <= ?
       ORDER BY paid_at_ms, id LIMIT ?`,
    )
    .bind(orders.ms, orders.id, untilMs, limit)
    .all<OrderRow>();
  const found = await readOrders(
    db,
    results.map(({ id }) => id),
  );
  return results.map((order) => {
    const ms = order.paid_at_ms ?? order.updated_at_ms;
    const lines = found.get(order.id)?.lines ?? [];
    return { of: "orders", ms, id: order.id, envelope: orderPaid({ order, lines }, ms, undefined) };
  });
}

async function refundsAfter(db: D1Database, { refunds, untilMs }: Retold, limit: number): Promise<News[]> {
  const { results } = await db
    .prepare(
      `SELECT id, updated_at_ms FROM refunds WHERE rowid > (SELECT max(rowid) FROM refunds) - ${NEWEST_ROWS} AND state = 'succeeded' AND (updated_at_ms, id) > (?, ?) AND updated_at_ms <= ?
       ORDER BY updated_at_ms, id LIMIT ?`,
    )
    .bind(refunds.ms, refunds.id, untilMs, limit)
    .all<{ id: string; updated_at_ms: number }>();
  const news: News[] = [];
  for (const { id, updated_at_ms: ms } of results) {
    const standing = await readRefund(db, id);
    if (standing)
      news.push({
        of: "refunds",
        ms,
        id,
        envelope: refundSucceeded(standing.refund, standing.sale.order, standing.ticketCount, ms),
      });
  }
  return news;
}

/** By shard, since this process was started. */
const retoldOf = new WeakMap<D1Database, Retold>();

/** Part of the sweep, where queues forget. No deployment's queues do, whatever its variables say. */
export async function retellForgotten(
  { ENVIRONMENT, QUEUES_FORGET }: Pick<Env, "ENVIRONMENT" | "QUEUES_FORGET">,
  db: D1Database,
  nowMs: number,
): Promise<number> {
  if (ENVIRONMENT !== "development" || QUEUES_FORGET !== "yes") return 0;
  const retold = retoldOf.get(db) ?? beginRetelling(nowMs);
  retoldOf.set(db, retold);
  let count = 0;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await retell(db, retold);
    if (page === 0) break;
    count += page;
  }
  return count;
}
