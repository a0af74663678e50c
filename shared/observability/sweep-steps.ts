import type { SweepReport } from "../contracts/domain";
import { type ReportingEnv, reportError } from "./report";

/** A sweep's steps one after the other, each by itself: one that fails is reported, counts nothing and keeps none from its turn. */
export async function runSteps(
  env: ReportingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  steps: Record<string, () => Promise<number>>,
): Promise<SweepReport> {
  const report: SweepReport = {};
  for (const [name, run] of Object.entries(steps)) {
    report[name] = await run().catch((error: unknown) => {
      reportError(error, env, ctx, { task: `sweep ${name}` });
      return 0;
    });
  }
  return report;
}
