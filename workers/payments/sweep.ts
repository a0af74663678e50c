/** What killed requests left half-way, bounded and resumable (rule 23). */
import type { SweepReport } from "../../shared/contracts/domain";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { forgetOldAnswers } from "../../shared/d1/kept-answers";
import { sweepOutbox } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { runSteps } from "../../shared/observability/sweep-steps";
import { reportLag } from "./backlog";
import { type Env, type Later, mailboxesOf } from "./environment";
import { sweepEventRefunds } from "./event-refunds";
import { expireOrders } from "./expiry";
import { retellForgotten } from "./forgotten-news";
import { countEvents, type Done, each, finishFreeOrders, lookUpPayments, reporter, type Work } from "./half-way";
import { checkLedger } from "./ledger-check";
import { messageHandlers } from "./message-handlers";
import { archiveBodies } from "./provider-archive";
import { deliverDue } from "./providers/test-deliveries";
import { payBack } from "./refunds";
import type { RefundRow } from "./schema";
import { allDatabases } from "./shards";

/** An invocation may call its siblings this often; the shards share it. */
const SIBLING_CALLS = 24;
const REPLAYS = 1;
const OLD_ANSWERS = 2_000;
const REFUNDS = 50;
const DELIVERIES = 50;

/** What each step did, and how far it is behind. */
export async function sweep(env: Env, later: Later): Promise<SweepReport> {
  const parked = await runSteps(env, later, deadLetterSteps(env, later, env.DB_0, messageHandlers, REPLAYS));
  const report: SweepReport = {};
  const databases = allDatabases(env);
  // A replayed message spends what a sweep may.
  const siblingCalls = parked.replayed === 0 ? SIBLING_CALLS : 0;
  for (const db of databases) {
    const work: Work = { env, later, db, calls: Math.floor(siblingCalls / databases.length) };
    const steps: [string, () => Promise<Done>][] = [
      ["providerEvents", () => countEvents(work)],
      ["freeOrders", () => finishFreeOrders(work)],
      ["payments", () => lookUpPayments(work)],
      ["expiredOrders", () => expireOrders(work)],
      ["eventRefunds", () => sweepEventRefunds(work)],
      ["refunds", () => payBackOwed(work)],
      ["testDeliveries", async () => free(await deliverDue(env, later, db, Date.now(), DELIVERIES))],
      ["retold", async () => free(await retellForgotten(env, db, Date.now()))],
      ["outbox", async () => free(await sweepOutbox(db, mailboxesOf(env), Date.now(), { report: reporter(work, "outbox") }))],
      ["archivedEvents", async () => free(await archiveBodies(env, later, db))],
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
  const lag = await reportLag(env).catch((error): SweepReport => {
    reportError(error, env, later, { task: "sweep lag" });
    return {};
  });
  return { ...report, ...lag, ...parked };
}

const free = (count: number): Done => ({ count, calls: 0 });

/** Written, and nobody wrote down that the provider has paid. */
async function payBackOwed(work: Work): Promise<Done> {
  const { env, later, db, calls } = work;
  let left = calls;
  const owed = { where: "state IN ('pending', 'failed')", limit: REFUNDS };
  const count = await each<RefundRow>(work, "refunds", owed, async (refund) => {
    // Its tickets are the object's to void first; where no call is left for that, it comes back behind the others.
    if (refund.voided_at_ms === null && left-- <= 0) return;
    await payBack(env, later, db, refund);
  });
  return { count, calls: calls - Math.max(0, left) };
}
