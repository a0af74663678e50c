/** A mailbox's two queues: what was sent to it, and what its deliveries could not settle. */
import { parkDeadLetter } from "../d1/dead-letters";
import { type ReportingEnv, reportError } from "../observability/report";
import { consumeBatch, delayOf, type Failure, MAX_RETRIES, type MessageHandlers, readMessage } from "./consume";

export const DEAD_LETTERS = "-dead-letters";

/** Both queues have one consumer, the Worker whose mailbox it is, and `db` is its own. */
export async function consumeMailbox<Env extends ReportingEnv>(
  batch: MessageBatch,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  db: D1Database,
  handlers: MessageHandlers<Env>,
): Promise<void> {
  const seen = !batch.queue.endsWith(DEAD_LETTERS);
  const park = async (body: unknown, failure: Failure, attempts: number): Promise<void> => {
    await parkDeadLetter(db, body, failure, attempts, Date.now(), { seen });
    const what = failure.envelope ? `${failure.envelope.type} ${failure.envelope.id}` : "a message that nobody can read";
    reportError(new Error(`parked ${what}`), env, ctx, { task: `queue ${batch.queue}` });
  };
  if (seen) return consumeBatch(batch, env, ctx, handlers, park);

  // Here ends what nobody saw fail: a delivery that was cut off, or a database that could not be written at the last one. A dead-letter
  // queue has none of its own, so that nothing may be acknowledged before its row stands.
  for (const queued of batch.messages) {
    try {
      await park(queued.body, unseen(queued.body, handlers), MAX_RETRIES + 1);
      queued.ack();
    } catch (error) {
      reportError(error, env, ctx, { task: `queue ${batch.queue}` });
      queued.retry({ delaySeconds: delayOf(queued.attempts) });
    }
  }
}

function unseen<Env>(body: unknown, handlers: MessageHandlers<Env>): Failure {
  const read = readMessage(body, handlers);
  return "reason" in read
    ? read
    : { reason: "failed", envelope: read.envelope, error: new Error("every delivery failed, and the last one told nobody why") };
}
