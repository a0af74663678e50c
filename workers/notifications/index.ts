import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { NotificationsRpc } from "../../shared/contracts/outbound";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { reportError } from "../../shared/observability/report";
import { runSteps } from "../../shared/observability/sweep-steps";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { tellBuyers } from "./cancelled-events";
import { countOwed, dispatchDue, parkHopeless } from "./deliveries";
import { messageHandlers } from "./message-handlers";
import { app } from "./routes";

/** For sibling Workers. Not reachable from the internet. */
export class NotificationsService extends WorkerEntrypoint<NotificationsEnv> implements NotificationsRpc {
  async ping() {
    return "ok" as const;
  }

  openapi(): Promise<string> {
    return openapiOf(app);
  }

  async sweep(): Promise<SweepReport> {
    const done = await runSteps(this.env, this.ctx, {
      ...deadLetterSteps(this.env, this.ctx, this.env.DB, messageHandlers),
      parkedNow: () => parkHopeless(this.env.DB, Date.now()),
      calledOff: () => tellBuyers(this.env),
      settled: () => dispatchDue(this.env, this.ctx),
    });
    return { ...done, ...(await countOwed(this.env.DB)) };
  }
}

export default {
  fetch: serve(app),
  async queue(batch, env, ctx) {
    await consumeMailbox(batch, env, ctx, env.DB, messageHandlers);
    // What is owed stands in a row, and the sweep pays it; thrown here, it would bring back messages that were settled.
    await dispatchDue(env, ctx).catch((error: unknown) => reportError(error, env, ctx, { task: `dispatch ${batch.queue}` }));
  },
} satisfies ExportedHandler<NotificationsEnv>;
