import { WorkerEntrypoint } from "cloudflare:workers";
import type { BrandingRpc, BrandSettings } from "../../shared/contracts/branding";
import type { SweepReport } from "../../shared/contracts/domain";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { runSteps } from "../../shared/observability/sweep-steps";
import { sweepAssets } from "./assets";
import { readSettings, readSettingsOf } from "./brand-settings";
import { organizerOfHost } from "./hosts";
import { app } from "./routes";

/** For sibling Workers. Not reachable from the internet. */
export class BrandingService extends WorkerEntrypoint<BrandingEnv> implements BrandingRpc {
  async ping() {
    return "ok" as const;
  }

  openapi(): Promise<string> {
    return openapiOf(app);
  }

  sweep(): Promise<SweepReport> {
    return runSteps(this.env, this.ctx, { assets: () => sweepAssets(this.env, Date.now()) });
  }

  organizerOfHost(host: string) {
    return organizerOfHost(this.env, host);
  }

  settingsOf(organizerIds: string[]): Promise<BrandSettings[]> {
    return readSettingsOf(this.env.DB, organizerIds);
  }

  async settings(organizerId: string): Promise<BrandSettings> {
    return (await readSettings(this.env.DB, organizerId)).settings;
  }
}

export default { fetch: serve(app) } satisfies ExportedHandler<BrandingEnv>;
