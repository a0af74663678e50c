import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { SearchRpc } from "../../shared/contracts/outbound";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { messageHandlers } from "./message-handlers";
import { app } from "./routes";
import { eventsThatFit } from "./search";
import { sweep } from "./sweep";

/** For sibling Workers. Not reachable from the internet. */
export class SearchService extends WorkerEntrypoint<SearchEnv> implements SearchRpc {
  async ping() {
    return "ok" as const;
  }

  openapi(): Promise<string> {
    return openapiOf(app);
  }

  eventsThatFit(question: Parameters<SearchRpc["eventsThatFit"]>[0]) {
    return eventsThatFit(this.env.DB, question, Date.now());
  }

  sweep(): Promise<SweepReport> {
    return sweep(this.env, this.ctx);
  }
}

export default {
  fetch: serve(app),
  queue: (batch, env, ctx) => consumeMailbox(batch, env, ctx, env.DB, messageHandlers),
} satisfies ExportedHandler<SearchEnv>;
