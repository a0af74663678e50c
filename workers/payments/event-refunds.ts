/**
 * An event was cancelled: every buyer is paid back what is left of his payment, and what nobody has paid ends. Page by page behind a
 * cursor that is written down, by whoever comes next: the message's handler, then the sweep.
 */
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { each, type Work } from "./half-way";
import { lookUpSoon } from "./look-ups";
import { MAX_TRIES } from "./order-moves";
import { readSale } from "./order-rows";
import { isPayable, ORDER_NEXT } from "./order-states";
import { leftOf, planRefund } from "./refund-plans";
import { eventRefundId, promiseRefund } from "./refund-promises";
import { tryPayingBack } from "./refunds";
import type { EventRefundRow, OrderRow, PaymentRow, RefundRow } from "./schema";
import { allDatabases } from "./shards";

/** Orders of one page, which costs at most so many calls of the event's object. */
const PAGE_ORDERS = 50;
const PAGE_CALLS = 2;
/** Cancelled events that one sweep of a shard takes up. */
const EVENTS_A_SWEEP = 4;
/** Refunds of one page that the provider is asked for at once. */
const AT_ONCE = 5;
/**
 * The object has confirmed an order and D1 does not say so yet: its request is about to, or the sweep. Twice as long each time: what a
 * person has to decide first keeps no sweep walking over all the others for ever.
 */
const NEXT_PASS_AFTER_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
const MAX_DOUBLINGS = 10;
/** Whoever begins is at work for so long before the sweep comes to it. */
const SWEEP_AFTER_MS = 60_000;

/** Final for the object, so that late money is given back. */
const RELEASED_FOR = "event_cancelled";

/** In every shard: orders of an event stand together in one, but which one depends on how many there were when they were placed. */
export async function beginEventRefunds(env: Env, eventId: string): Promise<void> {
  const nowMs = Date.now();
  for (const db of allDatabases(env)) {
    await db
      .prepare("INSERT INTO event_refunds (event_id, next_try_at_ms, created_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .bind(eventId, nowMs + SWEEP_AFTER_MS, nowMs)
      .run();
  }
}

/** Part of the sweep. */
export const sweepEventRefunds = (work: Work): Promise<number> =>
  each<EventRefundRow>(
    work,
    "event_refunds",
    // Each spends what is left, page by page: two at once would both spend the last of it.
    { where: "finished_at_ms IS NULL", limit: EVENTS_A_SWEEP, callsEach: PAGE_CALLS, atOnce: 1 },
    ({ event_id }) => workThrough(work, event_id),
  );

/** As far as the budget goes. A page that fails is left as it is: its row waits for the sweep, longer each time. */
export async function workThrough(work: Work, eventId: string): Promise<void> {
  const { db, calls, untilMs } = work;
  for (;;) {
    const job = await db
      .prepare("SELECT * FROM event_refunds WHERE event_id = ? AND finished_at_ms IS NULL")
      .bind(eventId)
      .first<EventRefundRow>();
    if (!job) return;
    if (calls.left < PAGE_CALLS || Date.now() >= untilMs) return comeBack(db, job);
    const { orders, leftBehind } = await refundPage(work, job);
    if (orders.length < PAGE_ORDERS) return endPass(db, job, leftBehind);
    await moveCursor(db, job, orders.at(-1) as PagedOrder, leftBehind);
  }
}

type PagedOrder = Pick<OrderRow, "id" | "state" | "created_at_ms">;

async function refundPage({ env, later, db }: Work, job: EventRefundRow): Promise<{ orders: PagedOrder[]; leftBehind: number }> {
  const { results: orders } = await db
    .prepare(
      `SELECT id, state, created_at_ms FROM orders WHERE event_id = ? AND (created_at_ms, id) > (?, ?)
       ORDER BY created_at_ms, id LIMIT ${PAGE_ORDERS}`,
    )
    .bind(job.event_id, job.after_created_at_ms, job.after_id)
    .all<PagedOrder>();
  const unpaid = orders.filter(({ state }) => isPayable(state)).map(({ id }) => id);
  const paid = orders.filter(({ state }) => state === "paid" || state === "partially_refunded").map(({ id }) => id);
  let leftBehind = 0;
  if (unpaid.length > 0) leftBehind += await releaseUnpaid(env, db, job.event_id, unpaid);
  if (paid.length > 0) leftBehind += await refundPaid(env, later, db, job.event_id, paid);
  return { orders, leftBehind };
}

/** How many the object has confirmed: their money was first, and is paid back in the next pass. */
async function releaseUnpaid(env: Env, db: D1Database, eventId: string, orderIds: string[]): Promise<number> {
  const answers = await env.EVENTS.releaseOrders(eventId, orderIds, RELEASED_FOR);
  // An order that the object has never heard of holds nothing there.
  const released = orderIds.filter((_, index) => {
    const answer = answers[index];
    return answer !== undefined && (!answer.ok || answer.value.outcome === "released");
  });
  // One statement moves each or not, and nothing else depends on it: no batch to guard (rule 16).
  const end = db
    .prepare(
      `UPDATE orders SET state = ?, version = version + 1, updated_at_ms = ?
       WHERE state IN ('pending', 'expired') AND id IN (SELECT value FROM json_each(?))`,
    )
    .bind(ORDER_NEXT.pending.released, Date.now(), JSON.stringify(released));
  await db.batch([end, lookUpSoon(db, released, Date.now())]);
  return orderIds.length - released.length;
}

/** How many could not be promised. What is promised and not paid yet is the refund's own to see to. */
async function refundPaid(env: Env, later: Later, db: D1Database, eventId: string, orderIds: string[]): Promise<number> {
  // The event is off for good, so that its tickets may be void before the promises stand.
  const answers = await env.EVENTS.voidOrders(eventId, orderIds);
  const tickets = new Map(
    orderIds.map((id, index) => {
      const answer = answers[index];
      return [id, answer?.ok ? answer.value : []];
    }),
  );
  const { results: owed } = await db
    .prepare(
      `SELECT id, order_id FROM payments WHERE order_id IN (SELECT value FROM json_each(?)) AND refunded_minor < amount_minor
         AND state IN ('succeeded', 'partially_refunded')`,
    )
    .bind(JSON.stringify(orderIds))
    .all<Pick<PaymentRow, "id" | "order_id">>();
  const refunds: RefundRow[] = [];
  let failed = 0;
  for (const payment of owed) {
    try {
      const refund = await promiseWhatIsLeft(env, db, payment.id, tickets.get(payment.order_id) ?? []);
      if (refund) refunds.push(refund);
    } catch (error) {
      failed += 1;
      reportError(error, env, later, { task: "promise a refund for a cancelled event" });
    }
  }
  for (let first = 0; first < refunds.length; first += AT_ONCE)
    await Promise.all(refunds.slice(first, first + AT_ONCE).map((refund) => tryPayingBack(env, later, db, refund)));
  return failed;
}

/** Null where nothing is left. */
async function promiseWhatIsLeft(env: Env, db: D1Database, paymentId: string, ticketIds: string[]): Promise<RefundRow | null> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const sale = await readSale(db, paymentId);
    if (!sale || leftOf(sale.payment) === 0) return null;
    const { results } = await db
      .prepare("SELECT ticket_id FROM refunded_tickets WHERE order_id = ?")
      .bind(sale.order.id)
      .all<{ ticket_id: string }>();
    const refundedIds = new Set(results.map(({ ticket_id }) => ticket_id));
    // Everything that is left needs no price.
    const tickets = ticketIds.map((id) => ({ id, ticketTypeId: "" }));
    const plan = planRefund({ amountMinor: null, ticketIds: null }, { ...sale, tickets, refundedIds });
    if (!plan.ok) return null;
    const id = await eventRefundId(env, sale.payment);
    const promised = await promiseRefund(db, { id, sale, plan: plan.value, reason: "event_cancelled", isVoided: true });
    if (typeof promised === "object") return promised;
  }
  throw new Error("a payment moved too often while its event's refund was begun");
}

/** Only from where it was read: another hand may be further. */
const from = "WHERE event_id = ? AND after_created_at_ms = ? AND after_id = ? AND finished_at_ms IS NULL";
const place = (job: EventRefundRow) => [job.event_id, job.after_created_at_ms, job.after_id] as const;

const moveCursor = (db: D1Database, job: EventRefundRow, last: PagedOrder, leftBehind: number): Promise<unknown> =>
  db
    .prepare(
      `UPDATE event_refunds SET after_created_at_ms = ?, after_id = ?, left_behind = left_behind + ?, attempts = 0, next_try_at_ms = ?
       ${from}`,
    )
    .bind(last.created_at_ms, last.id, leftBehind, Date.now() + SWEEP_AFTER_MS, ...place(job))
    .run();

/** The budget is spent, and the next sweep may carry on at once. */
const comeBack = async (db: D1Database, job: EventRefundRow): Promise<void> =>
  void (await db
    .prepare(`UPDATE event_refunds SET next_try_at_ms = ? ${from}`)
    .bind(Date.now(), ...place(job))
    .run());

const pauseAfter = ({ passes }: EventRefundRow): number =>
  Math.min(NEXT_PASS_AFTER_MS * 2 ** Math.min(passes, MAX_DOUBLINGS), LONGEST_PAUSE_MS);

/** All orders were looked at: finished, or once more from the start for those that were left behind. */
async function endPass(db: D1Database, job: EventRefundRow, leftBehind: number): Promise<void> {
  const nowMs = Date.now();
  const isFinished = job.left_behind + leftBehind === 0;
  await db
    .prepare(
      isFinished
        ? `UPDATE event_refunds SET finished_at_ms = ? ${from}`
        : `UPDATE event_refunds SET after_created_at_ms = -1, after_id = '', left_behind = 0, passes = passes + 1, next_try_at_ms = ?
             ${from}`,
    )
    .bind(isFinished ? nowMs : nowMs + pauseAfter(job), ...place(job))
    .run();
}
