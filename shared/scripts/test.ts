/** `npm test`: everything that can be known without an account. Arguments go to Vitest: `npm test -- --project unit`. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { deployDry } from "./deploy.ts";
import { endGroup, runTool, startGroup } from "./processes.ts";
import { types } from "./types.ts";

interface Outcome {
  step: string;
  passed: number;
  failed: number;
  note: string;
  seconds: number;
}

const VitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), numPendingTests: z.number() });

const outcomes: Outcome[] = [];

async function step(name: string, run: () => Promise<Omit<Outcome, "step" | "seconds">>): Promise<void> {
  console.log(`\n── ${name}`);
  const startMs = performance.now();
  const outcome = await run();
  outcomes.push({ step: name, seconds: (performance.now() - startMs) / 1000, ...outcome });
}

const yesOrNo = (ok: boolean, note = "") => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, note });

const toolStep = (tool: "biome" | "tsc", args: string[]) => async () => {
  const { code } = await runTool(tool, args, { stream: true });
  return yesOrNo(code === 0);
};

/** In a process group of its own, so that no workerd outlives it, however it ends. */
async function vitest() {
  const folder = mkdtempSync(join(tmpdir(), "bilten-test-"));
  const report = join(folder, "report.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)];
  const child = startGroup("vitest", args);
  const stop = () => void endGroup(child).then(() => process.exit(1));
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  try {
    const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
    const code = await new Promise<number>((resolve) => child.on("exit", (exitCode) => resolve(exitCode ?? 1)));
    // A workerd left behind would hold the pipes open for ever.
    await endGroup(child);
    await closed;
    const { numPassedTests, numFailedTests, numPendingTests } = VitestReport.parse(JSON.parse(readFileSync(report, "utf8")));
    // A file that does not load, or an error outside of any test, fails the run with every test green.
    const failed = code !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, note: numPendingTests > 0 ? `${numPendingTests} skipped` : "" };
  } catch (cause) {
    return { passed: 0, failed: 1, note: `no report: ${cause instanceof Error ? cause.message : cause}` };
  } finally {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeListener(signal, stop);
    await endGroup(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function deployStep() {
  const deployments = await deployDry();
  const broken = deployments.filter(({ ok }) => !ok);
  for (const { domain, output } of broken) console.error(`${domain}: ${output}`);
  return { passed: deployments.length - broken.length, failed: broken.length, note: "" };
}

await step("types", async () => yesOrNo(await types(true)));
await step("biome", toolStep("biome", ["check"]));
await step("tsc", toolStep("tsc", ["-p", "."]));
await step("vitest", vitest);
await step("deploy --dry-run", deployStep);

console.log("");
for (const { step: name, passed, failed, note, seconds } of outcomes) {
  const counts = `${String(passed).padStart(4)} passed ${String(failed).padStart(4)} failed`;
  console.log(`${name.padEnd(18)}${counts} ${seconds.toFixed(1).padStart(7)} s  ${note}`);
}
const sum = (of: "passed" | "failed") => outcomes.reduce((total, outcome) => total + outcome[of], 0);
process.exitCode = sum("failed") === 0 ? 0 : 1;
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
