import type { SweepReport } from "../../shared/contracts/domain";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { runSteps } from "../../shared/observability/sweep-steps";
import type { SweepEnv } from "./environment";
import { retireEnded } from "./event-documents";
import { messageHandlers } from "./message-handlers";
import { carryOnRebuild } from "./rebuild";

/** What time itself changes, the rebuild that somebody asked for, and what was given up; the queue repeats what failed. */
export const sweep = (env: SweepEnv, ctx: Pick<ExecutionContext, "waitUntil">): Promise<SweepReport> =>
  runSteps(env, ctx, {
    retired: () => retireEnded(env.DB, Date.now()),
    rebuilt: () => carryOnRebuild(env, Date.now()),
    ...deadLetterSteps(env, ctx, env.DB, messageHandlers),
  });
