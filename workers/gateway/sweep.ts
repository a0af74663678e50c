import { DOMAINS, type SweepReport } from "../../shared/contracts/domain";
import { isLag, overdue } from "../../shared/observability/lag";
import { doorsOf } from "./doors";

/** What waits longer has seen two sweeps go by, and a first pause after a failure. */
const LAG_WARN_MS = 180_000;

/**
 * The house's one cron (rule 23): asks every domain to tidy up. A domain that fails keeps nobody else from it, and its failure is
 * logged; each domain bounds its own work, and says how far it is behind.
 */
export async function sweepAll(env: GatewayEnv): Promise<void> {
  const doors = doorsOf(env);
  const swept = await Promise.allSettled(DOMAINS.map(async (domain) => [domain, await doors[domain].sweep()] as const));
  const reports: Record<string, SweepReport> = {};
  const lags: Record<string, SweepReport> = {};
  for (const [index, outcome] of swept.entries()) {
    if (outcome.status === "fulfilled") {
      const [domain, report] = outcome.value;
      const counted = Object.entries(report).filter(([key, count]) => typeof count === "number" && count > 0 && !isLag(key));
      if (counted.length > 0) reports[domain] = Object.fromEntries(counted);
      const lag = overdue({ ...report }, LAG_WARN_MS);
      if (Object.keys(lag).length > 0) lags[domain] = lag;
    } else {
      console.error(JSON.stringify({ level: "error", task: `sweep ${DOMAINS[index]}`, message: String(outcome.reason) }));
    }
  }
  if (Object.keys(reports).length > 0) console.log(JSON.stringify({ level: "info", task: "sweep", reports }));
  if (Object.keys(lags).length > 0) console.warn(JSON.stringify({ level: "warn", task: "sweep", message: "is behind", lags }));
}
