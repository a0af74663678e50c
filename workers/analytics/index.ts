import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { AnalyticsRpc } from "../../shared/contracts/outbound";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { consumeBatch } from "../../shared/queue/consume";
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

  /** The queue repeats what failed; nothing here stands half-way. */
  async sweep(): Promise<SweepReport> {
    return {};
  }
}

export default {
  fetch: serve(app),
  queue: (batch, env, ctx) => consumeBatch(batch, env, ctx, messageHandlers),
} satisfies ExportedHandler<AnalyticsEnv>;
