/**
 * A queue of the network keeps what it took. A local one lives in memory, and a kill takes with it what nobody had read (rule 21): so the
 * first sweep of a process says once more what was said shortly before it. Whoever has heard it counts each fact once anyway.
 */
import type { Envelope } from "../../shared/contracts/messages";
import { announce } from "../../shared/d1/outbox";
import type { Env } from "./environment";
import type { LedgerFact } from "./ledger-facts";
import { orderPaid, refundReturned, refundSucceeded } from "./news";
import { readOrders } from "./order-rows";
import { readRefund } from "./refund-words";
import type { OrderRow } from "./schema";

/** As long as a mailbox tries one message, and a little more (`shared/queue/consume.ts`). */
const RETOLD_MS = 2 * 3_600_000;
/** Of each kind, by one call; and calls of one sweep. */
const MAX_RETOLD = 200;
const MAX_PAGES = 3;
/** Orders that are looked at, newest first: no index is kept for this. */
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
  refunds: { ms: nowMs - RETOLD_MS, id: firstUuidOf(nowMs - RETOLD_MS) },
});

/** Below every UUIDv7 of that millisecond: the ledger has its rows in their order. */
const firstUuidOf = (ms: number): string => ms.toString(16).padStart(12, "0").replace(/^.{8}/, "$&-");

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

/** Money that went back, and that came back again: as the ledger has it, because a refund's row knows its last state alone. */
async function refundsAfter(db: D1Database, { refunds, untilMs }: Retold, limit: number): Promise<News[]> {
  const { results } = await db
    .prepare(
      `SELECT id, fact, refund_id, refund_version, posted_at_ms FROM ledger_transactions
       WHERE id > ? AND refund_version IS NOT NULL AND posted_at_ms >= ? AND posted_at_ms <= ? ORDER BY id LIMIT ?`,
    )
    .bind(refunds.id, refunds.ms, untilMs, limit)
    .all<{ id: string; fact: LedgerFact; refund_id: string; refund_version: number; posted_at_ms: number }>();
  const news: News[] = [];
  for (const { id, fact, refund_id, refund_version: version, posted_at_ms: ms } of results) {
    const standing = await readRefund(db, refund_id);
    if (!standing) continue;
    const tell = fact === "refund_returned" ? refundReturned : refundSucceeded;
    const envelope = tell({ ...standing.refund, version }, standing.sale.order, standing.ticketCount, ms);
    news.push({ of: "refunds", ms, id, envelope });
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
