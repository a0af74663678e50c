import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { AnalyticsRpc } from "../../shared/contracts/outbound";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { runSteps } from "../../shared/observability/sweep-steps";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { messageHandlers } from "./message-handlers";
import { app } from "./routes";

/** For sibling Workers. Not reachable from the internet. */
export class AnalyticsService extends WorkerEntrypoint<AnalyticsEnv> implements AnalyticsRpc {
  async ping() {
    return "ok" as const;
  }

  openapi(): Promise<string> {
    return openapiOf(app);
  }

  /** The queue repeats what failed; nothing stands half-way here but what was given up. */
  sweep(): Promise<SweepReport> {
    return runSteps(this.env, this.ctx, deadLetterSteps(this.env, this.ctx, this.env.DB, messageHandlers));
  }
}

export default {
  fetch: serve(app),
  queue: (batch, env, ctx) => consumeMailbox(batch, env, ctx, env.DB, messageHandlers),
} satisfies ExportedHandler<AnalyticsEnv>;
