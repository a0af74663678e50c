import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { SitesRpc } from "../../shared/contracts/outbound";
import { serve } from "../../shared/http/app";
import { toldToPeople } from "./people";
import { app } from "./routes";

/** For sibling Workers. Not reachable from the internet. */
export class SitesService extends WorkerEntrypoint<SitesEnv> implements SitesRpc {
  async ping() {
    return "ok" as const;
  }

  /** Pages for people are no operations. */
  async openapi(): Promise<string> {
    return JSON.stringify({ openapi: "3.1.0", info: { title: "sites", version: "1" }, paths: {} });
  }

  /** No data, nothing to sweep. */
  async sweep(): Promise<SweepReport> {
    return {};
  }
}

export default {
  fetch: serve({ fetch: async (request, env, ctx) => toldToPeople(request, env, await app.fetch(request, env, ctx)) }),
} satisfies ExportedHandler<SitesEnv>;
