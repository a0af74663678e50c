import { DOMAINS, type SweepReport } from "../../shared/contracts/domain";
import { doorsOf } from "./doors";

/**
 * The house's one cron (rule 23): asks every domain to tidy up. A domain that fails keeps nobody else from it, and its failure is
 * logged; each domain bounds its own work.
 */
export async function sweepAll(env: GatewayEnv): Promise<void> {
  const doors = doorsOf(env);
  const swept = await Promise.allSettled(DOMAINS.map(async (domain) => [domain, await doors[domain].sweep()] as const));
  const reports: Record<string, SweepReport> = {};
  for (const [index, outcome] of swept.entries()) {
    if (outcome.status === "fulfilled") {
      const [domain, report] = outcome.value;
      const counted = Object.entries(report).filter(([, count]) => typeof count === "number" && count > 0);
      if (counted.length > 0) reports[domain] = Object.fromEntries(counted);
    } else {
      console.error(JSON.stringify({ level: "error", task: `sweep ${DOMAINS[index]}`, message: String(outcome.reason) }));
    }
  }
  if (Object.keys(reports).length > 0) console.log(JSON.stringify({ level: "info", task: "sweep", reports }));
}
