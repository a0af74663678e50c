import type { SweepReport } from "../../shared/contracts/domain";
import { outboxLag, sweepOutbox } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { runSteps } from "../../shared/observability/sweep-steps";
import type { Env, Later } from "./environment";
import { mailboxes } from "./event-batch";
import { ABANDONED_AFTER_MS, settle } from "./event-changes";
import { retellForgotten } from "./forgotten-news";
import { forgetOldAnswers } from "./kept-answers";

/** Events of one sweep; what is left is the next one's. */
const MAX_SETTLED = 20;

/** Carries on with what a crash left half-way, each by itself: news that was not sent, events half published or half changed. */
export const sweep = (env: Env, later: Later): Promise<SweepReport> =>
  runSteps(env, later, {
    settled: () => settleAbandoned(env, later),
    retold: () => retellForgotten(env, Date.now()),
    sent: () => sweepOutbox(env.DB, mailboxes(env), Date.now()),
    forgotten: () => forgetOldAnswers(env, Date.now()),
    outbox: () => outboxLag(env.DB, Date.now()),
  });

async function settleAbandoned(env: Env, later: Later): Promise<number> {
  const beforeMs = Date.now() - ABANDONED_AFTER_MS;
  const { results } = await env.DB.prepare(
    `SELECT event_id AS id FROM (SELECT event_id, asked_at_ms AS since FROM event_changes WHERE asked_at_ms <= ?1
       UNION ALL SELECT id, updated_at_ms FROM events WHERE status = 'publishing' AND updated_at_ms <= ?1)
     ORDER BY since LIMIT ?2`,
  )
    .bind(beforeMs, MAX_SETTLED)
    .all<{ id: string }>();
  let settled = 0;
  for (const { id } of results) {
    try {
      await settle(env, later, id, beforeMs);
      settled++;
    } catch (error) {
      reportError(error, env, later, { task: "settle an event" });
    }
  }
  return settled;
}
