/**
 * The queue that wakes whoever writes the mails, apart from the mailbox: its batches would wait for them otherwise. A nudge says
 * nothing, and may be lost or doubled: what is owed stands in rows, and the sweep nudges too.
 */
import { reportError } from "../../shared/observability/report";
import { isAnythingDue } from "./deliveries";
import { dispatch } from "./dispatch";
import type { Env } from "./environment";

/** Its producer and its only consumer is this Worker. */
export const OUTGOING_QUEUE = "bilten-notifications-outgoing";

export async function nudge({ OUTGOING }: Pick<Env, "OUTGOING">): Promise<void> {
  await OUTGOING.send("due");
}

/** Returns how many nudges it took: none where nothing waits. */
export async function nudgeIfDue(env: Env): Promise<number> {
  if (!(await isAnythingDue(env.DB, Date.now()))) return 0;
  await nudge(env);
  return 1;
}

/** However many nudges came, they are answered once. What this dispatch leaves is the next one's, an invocation of its own. */
export async function answerNudges(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): Promise<void> {
  try {
    if ((await dispatch(env, ctx)).isCutShort) await nudge(env);
  } catch (error) {
    reportError(error, env, ctx, { task: `queue ${OUTGOING_QUEUE}` });
  }
}
