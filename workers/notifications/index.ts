import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { NotificationsRpc } from "../../shared/contracts/outbound";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { runSteps } from "../../shared/observability/sweep-steps";
import { consumeBatch } from "../../shared/queue/consume";
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
      parkedNow: () => parkHopeless(this.env.DB, Date.now()),
      settled: () => dispatchDue(this.env, this.ctx),
    });
    return { ...done, ...(await countOwed(this.env.DB)) };
  }
}

export default {
  fetch: serve(app),
  async queue(batch, env, ctx) {
    await consumeBatch(batch, env, ctx, messageHandlers);
    await dispatchDue(env, ctx);
  },
} satisfies ExportedHandler<NotificationsEnv>;
