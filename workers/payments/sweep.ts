/** What killed requests left half-way, bounded and resumable (rule 23). */
import type { SweepReport } from "../../shared/contracts/domain";
import { forgetOldAnswers } from "../../shared/d1/kept-answers";
import { sweepOutbox } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { type Env, type Later, mailboxesOf } from "./environment";
import { expireOrders } from "./expiry";
import { checkLedger } from "./ledger-check";
import { lookUp } from "./look-ups";
import { moveOrder } from "./order-moves";
import { readOrder, readSale } from "./order-rows";
import { processEvent, selectWaiting } from "./provider-events";
import { deliverDue } from "./providers/test-deliveries";
import { payBack } from "./refunds";
import { postpone, type Waiting } from "./retries";
import type { ProviderEventRow, RefundRow } from "./schema";
import { confirmFreeOrder } from "./settlement";
import { allDatabases } from "./shards";

/** An invocation may call its siblings this often; the shards share it. */
const SIBLING_CALLS = 24;
const OLD_ANSWERS = 2_000;
const REFUNDS = 50;
const DELIVERIES = 5;
/** A request that still runs finishes what it began; only what is older is looked after. */
const FREE_ORDER_AFTER_MS = 5_000;
/** Days of an hour's pauses: what no provider has decided by then stays visible, for a person. */
const MAX_LOOK_UPS = 200;

/** One step's part of a sweep: what it may spend, and what it did. */
interface Work {
  env: Env;
  later: Later;
  db: D1Database;
  calls: number;
}

interface Done {
  count: number;
  /** Sibling calls that it may have cost. */
  calls: number;
}

export async function sweep(env: Env, later: Later): Promise<SweepReport> {
  const report: SweepReport = {};
  const databases = allDatabases(env);
  for (const db of databases) {
    const work: Work = { env, later, db, calls: Math.floor(SIBLING_CALLS / databases.length) };
    const steps: [string, () => Promise<Done>][] = [
      ["providerEvents", () => countEvents(work)],
      ["freeOrders", () => finishFreeOrders(work)],
      ["payments", () => lookUpPayments(work)],
      ["expiredOrders", () => expireOrders(work)],
      ["refunds", () => payBackOwed(work)],
      ["testDeliveries", async () => free(await deliverDue(env, later, db, Date.now(), DELIVERIES))],
      ["outbox", async () => free(await sweepOutbox(db, mailboxesOf(env), Date.now(), { report: reporter(work, "outbox") }))],
      ["ledger", async () => free(await checkLedger(db))],
      ["oldAnswers", async () => free((await forgetOldAnswers(db, "answers", Date.now(), OLD_ANSWERS).run()).meta.changes)],
    ];
    for (const [name, run] of steps) {
      const done = await run().catch((error) => {
        reporter(work, name)(error);
        return free(0);
      });
      work.calls = Math.max(0, work.calls - done.calls);
      report[name] = (report[name] ?? 0) + done.count;
    }
  }
  return report;
}

const free = (count: number): Done => ({ count, calls: 0 });

const reporter =
  ({ env, later }: Work, name: string) =>
  (error: unknown): void =>
    reportError(error, env, later, { task: `sweep ${name}` });

/** Each row by itself, put back before it is tried: one that fails, or dies with the sweep, stands behind the others the next time. */
async function each<Row extends Waiting>(
  work: Work,
  table: Parameters<typeof postpone>[1],
  select: D1PreparedStatement,
  handle: (row: Row) => Promise<unknown>,
): Promise<number> {
  const { results } = await select.all<Row>();
  if (results.length === 0) return 0;
  await postpone(work.db, table, results, Date.now()).run();
  for (const row of results) await handle(row).catch(reporter(work, table));
  return results.length;
}

async function countEvents(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  const waiting = selectWaiting(db, Date.now(), calls);
  const count = await each<Waiting & Pick<ProviderEventRow, "provider" | "event_id">>(
    work,
    "provider_events",
    waiting,
    ({ provider, event_id }) => processEvent(env, later, db, provider, event_id),
  );
  return { count, calls: count };
}

/** Written, and killed before the confirm. The object may take the stock again even if the hold has ended. */
async function finishFreeOrders(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  const nowMs = Date.now();
  const half = db
    .prepare(
      `SELECT rowid, id FROM orders WHERE state = 'pending' AND total_minor = 0 AND next_try_at_ms <= ? AND created_at_ms <= ?
       ORDER BY next_try_at_ms LIMIT ?`,
    )
    // A confirm, and a release where it is refused.
    .bind(nowMs, nowMs - FREE_ORDER_AFTER_MS, Math.floor(calls / 2));
  const count = await each<Waiting & { id: string }>(work, "orders", half, async ({ id }) => {
    const sale = await readOrder(db, id);
    if (!sale || (await confirmFreeOrder(env, later, db, sale)).ok) return;
    const released = await env.EVENTS.releaseOrder(sale.order.event_id, id, "expired");
    if (!released.ok || released.value.outcome === "released") await moveOrder(db, sale, "ended");
  });
  return { count, calls: 2 * count };
}

/** The provider's last word is missing: it is asked, with growing pauses. */
async function lookUpPayments(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  const undecided = db
    .prepare(
      `SELECT rowid, id FROM payments WHERE state IN ('initiated', 'requires_action', 'processing') AND next_try_at_ms <= ?
         AND attempts < ${MAX_LOOK_UPS} ORDER BY next_try_at_ms LIMIT ?`,
    )
    .bind(Date.now(), calls);
  const count = await each<Waiting & { id: string }>(work, "payments", undecided, async ({ id }) => {
    const sale = await readSale(db, id);
    if (sale) await lookUp(env, later, db, sale);
  });
  return { count, calls: count };
}

/** Written, and nobody wrote down that the provider has paid. */
async function payBackOwed(work: Work): Promise<Done> {
  const { env, later, db } = work;
  const owed = db
    .prepare(
      "SELECT rowid, * FROM refunds WHERE state IN ('pending', 'failed') AND next_try_at_ms <= ? ORDER BY next_try_at_ms LIMIT ?",
    )
    .bind(Date.now(), REFUNDS);
  return free(await each<Waiting & RefundRow>(work, "refunds", owed, (refund) => payBack(env, later, db, refund)));
}
