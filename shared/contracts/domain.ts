/** What every domain Worker's RPC door answers. `ping` is read by `/health`, `openapi` by `/openapi.json`, `sweep` by the minute's cron. */
export interface DomainRpc {
  ping(): Promise<"ok">;
  /** The domain's own OpenAPI 3.1 document as JSON text (RPC types cannot carry `unknown`). */
  openapi(): Promise<string>;
  sweep(): Promise<SweepReport>;
}

/** What a sweep did, for the log and for tests. Every count is bounded by the sweep's own limits. */
export type SweepReport = Record<string, number>;

/** The domains that have a Worker, in deploy order: each may bind those before it. */
export const DOMAINS = [
  "auth",
  "users",
  "events",
  "branding",
  "payments",
  "search",
  "analytics",
  "notifications",
  "sites",
] as const;
export type Domain = (typeof DOMAINS)[number];
