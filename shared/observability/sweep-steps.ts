import type { SweepReport } from "../contracts/domain";
import { type Lag, lagEntries } from "./lag";
import { type ReportingEnv, reportError } from "./report";

/**
 * A sweep's steps one after the other, each by itself: one that fails is reported, counts nothing and keeps none from its turn. A step
 * counts what it did, or says how far it is behind.
 */
export async function runSteps(
  env: ReportingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  steps: Record<string, () => Promise<number | Lag>>,
): Promise<SweepReport> {
  const report: SweepReport = {};
  for (const [name, run] of Object.entries(steps)) {
    const done = await run().catch((error: unknown) => {
      reportError(error, env, ctx, { task: `sweep ${name}` });
      return 0;
    });
    Object.assign(report, typeof done === "number" ? { [name]: done } : lagEntries(name, done));
  }
  return report;
}
