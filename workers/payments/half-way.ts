/** Orders and payments that a killed request left half-way; the sweep finishes them. */
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { lookUp } from "./look-ups";
import { moveOrder } from "./order-moves";
import { readOrder, readSale } from "./order-rows";
import { processEvent, takeWaiting } from "./provider-events";
import { type Due, type Retried, take } from "./retries";
import { confirmFreeOrder } from "./settlement";
import { isUnasked, resume } from "./turns";

/** A request that still runs finishes what it began; only what is older is looked after. */
export const FREE_ORDER_AFTER_MS = 5_000;
/** Days of an hour's pauses: what no provider has decided by then stays visible, for a person. */
export const GIVEN_UP_AFTER = 200;

/** One step's part of a sweep: what it may spend, and what it did. */
export interface Work {
  env: Env;
  later: Later;
  db: D1Database;
  /** Calls of sibling Workers that are left. */
  calls: number;
}

export interface Done {
  count: number;
  /** Sibling calls that it may have cost. */
  calls: number;
}

export const reporter =
  ({ env, later }: Work, name: string) =>
  (error: unknown): void =>
    reportError(error, env, later, { task: `sweep ${name}` });

/** Each row by itself: one that fails keeps none from its turn. */
export async function each<Row>(work: Work, table: Retried, due: Due, handle: (row: Row) => Promise<unknown>): Promise<number> {
  const rows = await take<Row>(work.db, table, Date.now(), due);
  for (const row of rows) await handle(row).catch(reporter(work, table));
  return rows.length;
}

/** Stored before the 200, and not counted. Each may cost one call of the event's object. */
export async function countEvents({ env, later, db, calls }: Work): Promise<Done> {
  const waiting = await takeWaiting(db, Date.now(), calls);
  for (const event of waiting) await processEvent(env, later, db, event);
  return { count: waiting.length, calls: waiting.length };
}

/** Written, and killed before the confirm. The object may take the stock again even if the hold has ended. */
export async function finishFreeOrders(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  const half: Due = {
    where: "state = 'pending' AND total_minor = 0 AND created_at_ms <= ?",
    values: [Date.now() - FREE_ORDER_AFTER_MS],
    // A confirm, and a release where it is refused.
    limit: Math.floor(calls / 2),
  };
  const count = await each<{ id: string }>(work, "orders", half, async ({ id }) => {
    const sale = await readOrder(db, id);
    if (!sale || (await confirmFreeOrder(env, later, db, sale)).ok) return;
    const released = await env.EVENTS.releaseOrder(sale.order.event_id, id, "expired");
    if (!released.ok || released.value.outcome === "released") await moveOrder(db, sale, "ended");
  });
  return { count, calls: 2 * count };
}

/** The provider's last word is missing: it is asked, with growing pauses. */
export async function lookUpPayments(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  const undecided: Due = {
    where: `state IN ('initiated', 'requires_action', 'processing') AND attempts < ${GIVEN_UP_AFTER}`,
    limit: calls,
  };
  const count = await each<{ id: string }>(work, "payments", undecided, async ({ id }) => {
    const sale = await readSale(db, id);
    if (sale) await (isUnasked(sale.payment) ? resume : lookUp)(env, later, db, sale);
  });
  return { count, calls: count };
}
