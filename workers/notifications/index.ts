import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { NotificationsRpc } from "../../shared/contracts/outbound";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { consumeBatch } from "../../shared/queue/consume";
import { countQueued, dispatchDue } from "./deliveries";
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
    const settled = await dispatchDue(this.env, this.ctx);
    return { settled, queued: await countQueued(this.env.DB) };
  }
}

export default {
  fetch: serve(app),
  async queue(batch, env, ctx) {
    await consumeBatch(batch, env, ctx, messageHandlers);
    await dispatchDue(env, ctx);
  },
} satisfies ExportedHandler<NotificationsEnv>;
