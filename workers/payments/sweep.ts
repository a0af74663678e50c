/** What killed requests left half-way, bounded and resumable (rule 23). */
import type { SweepReport } from "../../shared/contracts/domain";
import type { ProviderName } from "../../shared/contracts/orders";
import { sweepOutbox } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { forgetOldAnswers } from "./answers";
import { type Env, type Later, mailboxesOf } from "./environment";
import { type OrderWithLines, readOrder, readSale, type Sale } from "./order-rows";
import { eventOf, intentOf } from "./payments";
import { processEvent, processWaiting, storeEvent } from "./provider-events";
import { providerOf } from "./providers/configured";
import { deliverDue } from "./providers/test-deliveries";
import { confirmFreeOrder, moveOrder } from "./settlement";
import { allDatabases } from "./shards";

/** An invocation may call its siblings this often; the shards share it. */
const SIBLING_CALLS = 24;
const ROWS = 500;
const DELIVERIES = 5;
/** A request that still runs finishes what it began; only what is older is looked after. */
const FREE_ORDER_AFTER_MS = 5_000;
const UNANSWERED_AFTER_MS = 60_000;
/** The sweep looks a payment up, it delivers nothing; the port is the test provider's and not used in that. */
const NO_PORT = 0;

export async function sweep(env: Env, later: Later): Promise<SweepReport> {
  const report: SweepReport = {};
  const databases = allDatabases(env);
  for (const db of databases) {
    let calls = Math.floor(SIBLING_CALLS / databases.length);
    const steps: [string, () => Promise<number>, costsCalls: boolean][] = [
      ["providerEvents", () => processWaiting(env, later, db, Date.now(), calls), true],
      ["freeOrders", () => finishFreeOrders(env, later, db, calls), true],
      ["unansweredPayments", () => lookUpUnanswered(env, later, db, calls), true],
      ["expiredOrders", () => expireOrders(env, later, db, calls), true],
      ["testDeliveries", () => deliverDue(env, later, db, Date.now(), DELIVERIES), false],
      ["outbox", () => sweepOutbox(db, mailboxesOf(env), Date.now()), false],
      ["oldAnswers", async () => (await forgetOldAnswers(db, Date.now(), ROWS).run()).meta.changes, false],
    ];
    for (const [name, run, costsCalls] of steps) {
      const count = await run().catch((error) => {
        reportError(error, env, later, { task: `sweep ${name}` });
        return 0;
      });
      if (costsCalls) calls -= count;
      report[name] = (report[name] ?? 0) + count;
    }
  }
  return report;
}

async function each(
  env: Env,
  later: Later,
  task: string,
  ids: D1PreparedStatement,
  handle: (id: string) => Promise<void>,
): Promise<number> {
  const { results } = await ids.all<{ id: string }>();
  for (const { id } of results) await handle(id).catch((error) => reportError(error, env, later, { task }));
  return results.length;
}

/** Written, and killed before the confirm. The object may take the stock again even if the hold has ended. */
function finishFreeOrders(env: Env, later: Later, db: D1Database, limit: number): Promise<number> {
  const half = db
    .prepare(
      "SELECT id FROM orders WHERE state = 'pending' AND total_minor = 0 AND created_at_ms <= ? ORDER BY expires_at_ms LIMIT ?",
    )
    .bind(Date.now() - FREE_ORDER_AFTER_MS, limit);
  return each(env, later, "finish a free order", half, async (id) => {
    const sale = await readOrder(db, id);
    if (!sale) return;
    const confirmed = await confirmFreeOrder(env, later, db, sale);
    if (!confirmed.ok) await expireOrder(env, db, sale);
  });
}

/** The object first (rule 12): what it has confirmed is no expired order, whatever the clock says. */
function expireOrders(env: Env, later: Later, db: D1Database, limit: number): Promise<number> {
  const due = db
    .prepare(
      "SELECT id FROM orders WHERE state = 'pending' AND total_minor > 0 AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?",
    )
    .bind(Date.now(), limit);
  return each(env, later, "expire an order", due, async (id) => {
    const sale = await readOrder(db, id);
    if (sale) await expireOrder(env, db, sale);
  });
}

async function expireOrder(env: Env, db: D1Database, sale: OrderWithLines): Promise<void> {
  const released = await env.EVENTS.releaseOrder(sale.order.event_id, sale.order.id, "expired");
  // An order that the object has never heard of holds nothing there, and must not stand before the others at every sweep.
  if (!released.ok || released.value.outcome === "released") await moveOrder(db, sale, "ended");
}

/** The provider was asked and nobody wrote down what it said: it is looked up, and its word goes the way of every other (rule 18). */
function lookUpUnanswered(env: Env, later: Later, db: D1Database, limit: number): Promise<number> {
  const unanswered = db
    .prepare("SELECT id FROM payments WHERE state = 'initiated' AND updated_at_ms <= ? ORDER BY updated_at_ms LIMIT ?")
    .bind(Date.now() - UNANSWERED_AFTER_MS, limit);
  return each(env, later, "look up a payment", unanswered, async (id) => {
    const sale = await readSale(db, id);
    if (sale) await lookUp(env, later, db, sale);
  });
}

async function lookUp(env: Env, later: Later, db: D1Database, sale: Sale): Promise<void> {
  const provider = providerOf(env, later, sale.payment.provider as ProviderName, NO_PORT);
  if (!provider) throw new Error(`the provider ${sale.payment.provider} is no longer configured`);
  const outcome = (await provider.lookUp(intentOf(sale))) ?? {
    // It never heard of the payment, so no money moved, and the buyer may try again.
    status: "failed" as const,
    reference: "",
    failureCode: "provider_unreachable",
  };
  const event = await eventOf(provider, sale.payment.id, outcome);
  await storeEvent(db, event, Date.now(), null).run();
  await processEvent(env, later, db, provider.name, event.eventId);
}
