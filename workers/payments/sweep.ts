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
import { finishFreeOrders } from "./free-orders";
import { lookUpPayments, payBackOwed, reporter, type Work } from "./half-way";
import { checkLedger } from "./ledger-check";
import { messageHandlers } from "./message-handlers";
import { archiveBodies } from "./provider-archive";
import { deliverDue } from "./providers/test-deliveries";
import { allDatabases } from "./shards";
import { counting, withShare } from "./sibling-calls";
import { countEvents } from "./waiting-events";

/** An invocation may call its siblings this often; the shards share it. */
const SIBLING_CALLS = 24;
/** What waits for a silent provider keeps the next step waiting no longer than this, and the calls that are under way. */
const STEP_MS = 10_000;
const REPLAYS = 1;
const OLD_ANSWERS = 2_000;
const DELIVERIES = 50;

/** What asks siblings and providers. Each has its part of the calls for itself, whatever waits for the others; the parts are a whole. */
const ASKING: [string, number, (work: Work) => Promise<number>][] = [
  ["providerEvents", 3 / 12, countEvents],
  ["freeOrders", 2 / 12, finishFreeOrders],
  ["payments", 2 / 12, lookUpPayments],
  ["expiredOrders", 2 / 12, expireOrders],
  ["eventRefunds", 2 / 12, sweepEventRefunds],
  ["refunds", 1 / 12, payBackOwed],
];

/** What each step did, and how far it is behind. */
export async function sweep(env: Env, later: Later): Promise<SweepReport> {
  const parked = await runSteps(env, later, deadLetterSteps(env, later, env.DB_0, messageHandlers, REPLAYS));
  const report: SweepReport = {};
  const databases = allDatabases(env);
  // A replayed message spends what a sweep may.
  const siblingCalls = parked.replayed === 0 ? SIBLING_CALLS : 0;
  for (const db of databases) {
    const done = await sweepShard(env, later, db, Math.floor(siblingCalls / databases.length));
    for (const [name, count] of done) report[name] = (report[name] ?? 0) + count;
  }
  const lag = await reportLag(env).catch((error): SweepReport => {
    reportError(error, env, later, { task: "sweep lag" });
    return {};
  });
  return { ...report, ...lag, ...parked };
}

async function sweepShard(env: Env, later: Later, db: D1Database, siblingCalls: number): Promise<[string, number][]> {
  const done: [string, number][] = [];
  const step = async (name: string, run: () => Promise<number>) => {
    const count = await run().catch((error) => {
      reporter({ env, later }, name)(error);
      return 0;
    });
    done.push([name, count]);
  };
  const calls = { left: siblingCalls };
  const work = (untilMs: number): Work => ({ env: counting(env, calls), later, db, calls, untilMs });

  // What asks nobody is kept waiting by nobody.
  await step("retold", () => retellForgotten(env, db, Date.now()));
  await step("outbox", () => sweepOutbox(db, mailboxesOf(env), Date.now(), { report: reporter({ env, later }, "outbox") }));
  await step("testDeliveries", () => deliverDue(env, later, db, Date.now(), DELIVERIES));
  await step("archivedEvents", () => archiveBodies(env, later, db));
  await step("oldAnswers", async () => (await forgetOldAnswers(db, "answers", Date.now(), OLD_ANSWERS).run()).meta.changes);
  const startedAtMs = Date.now();
  for (const [name, part, run] of ASKING)
    await step(name, () => withShare(calls, Math.floor(part * siblingCalls), () => run(work(Date.now() + STEP_MS))));
  // And once more with what the others did not need.
  for (const [name, , run] of ASKING) await step(name, () => run(work(startedAtMs + STEP_MS)));
  await step("ledger", () => checkLedger(db));
  return done;
}
