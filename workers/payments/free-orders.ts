/** Orders that cost nothing, written by requests that were killed before their confirm: a hundred of an event in one call. */
import { endOrders } from "./expiry";
import { inTurns, reporter, type Work } from "./half-way";
import { readOrders } from "./order-rows";
import { takeChosen } from "./retries";
import type { OrderRow } from "./schema";
import { confirmFreeOrder, confirmMany } from "./settlement";

/** A request that still runs finishes what it began; only what is older is looked after. */
export const FREE_ORDER_AFTER_MS = 5_000;

/** Orders of one step, and of one call of an object. */
const MAX_ORDERS = 300;
const MAX_A_CALL = 100;
/** A confirm, and a release where some are refused. */
const PAGE_CALLS = 2;

type Half = Pick<OrderRow, "id" | "event_id">;

/** Part of the sweep. The object may take the stock again even if the hold has ended. */
export async function finishFreeOrders(work: Work): Promise<number> {
  const { db, calls, untilMs } = work;
  const { results } = await db
    .prepare(
      `SELECT id, event_id FROM orders
       WHERE state = 'pending' AND total_minor = 0 AND next_try_at_ms <= ? AND created_at_ms <= ?
       ORDER BY next_try_at_ms LIMIT ${MAX_ORDERS}`,
    )
    .bind(Date.now(), Date.now() - FREE_ORDER_AFTER_MS)
    .all<Half>();
  let count = 0;
  for (const [eventId, orders] of Map.groupBy(results, ({ event_id }) => event_id)) {
    for (let first = 0; first < orders.length && calls.left >= PAGE_CALLS && Date.now() < untilMs; first += MAX_A_CALL) {
      const some = await takeChosen(db, "orders", orders.slice(first, first + MAX_A_CALL), Date.now());
      count += some.length;
      await finishPage(work, eventId, some).catch(reporter(work, "orders"));
    }
  }
  return count;
}

async function finishPage(work: Work, eventId: string, orders: readonly Half[]): Promise<void> {
  if (orders.length === 0) return;
  const { env, later, db } = work;
  const sales = [
    ...(
      await readOrders(
        db,
        orders.map(({ id }) => id),
      )
    ).values(),
  ];
  const confirmations = await confirmMany(
    env,
    eventId,
    sales.map(({ order }) => order),
  );
  const refused: Half[] = [];
  // What there is no time for is confirmed for good, and written down by the next sweep.
  await inTurns(work, sales, reporter(work, "orders"), async (sale) => {
    const paid = await confirmFreeOrder(env, later, db, sale, { confirmation: confirmations.get(sale.order.id) });
    if (!paid.ok) refused.push(sale.order);
  });
  if (refused.length > 0) await endOrders(work, eventId, refused);
}
