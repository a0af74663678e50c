/**
 * `npm run deploy`: everything that a Cloudflare account needs, in an order that works, again and again (README, Deploying).
 * `--dry-run` prints the exact commands and builds every Worker as it would be uploaded, without an account.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readWorkers, type WorkerFiles } from "./configurations.ts";
import { deployedConfigPath, writeConfiguration } from "./deployment-configurations.ts";
import { describePlan, planOf } from "./deployment-plan.ts";
import { runPlan } from "./deployment-run.ts";
import { SECRETS } from "./deployment-secrets.ts";
import { EXAMPLE_SETTINGS, readSettings, SETTINGS_FILE, type Settings } from "./deployment-settings.ts";
import { isMain } from "./main.ts";
import { mapLimited, PARALLEL_TOOLS, runTool } from "./processes.ts";

export interface Deployment {
  domain: string;
  ok: boolean;
  output: string;
}

/** Builds each Worker from the configuration that would be uploaded, two at a time. */
export async function buildAll(workers: readonly WorkerFiles[], settings: Settings): Promise<Deployment[]> {
  const folder = mkdtempSync(join(tmpdir(), "bilten-deploy-"));
  try {
    return await mapLimited(workers, PARALLEL_TOOLS, async (worker) => {
      const { domain } = worker;
      try {
        writeConfiguration(worker, settings, new Map());
      } catch (refusal) {
        return { domain, ok: false, output: refusal instanceof Error ? refusal.message : String(refusal) };
      }
      const build = ["deploy", "--dry-run", "--outdir", join(folder, domain), "-c", deployedConfigPath(worker)];
      const { code, output } = await runTool("wrangler", build);
      return { domain, ok: code === 0, output };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `npm test` asks of every Worker. */
export const deployDry = (): Promise<Deployment[]> => buildAll(readWorkers(), EXAMPLE_SETTINGS);

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      "dry-run": { type: "boolean", default: false },
      settings: { type: "string", default: SETTINGS_FILE },
      only: { type: "string" },
      from: { type: "string" },
      secrets: { type: "string" },
      "make-secrets": { type: "boolean", default: false },
    },
  });
  const settings = readSettings(flags.settings);
  if (!settings && !flags["dry-run"]) throw new Error(`There is no ${flags.settings}: the README says what stands in it.`);
  const plan = planOf(readWorkers(), settings ?? EXAMPLE_SETTINGS, { only: flags.only, from: flags.from });

  if (flags["dry-run"]) {
    if (!settings) console.log(`There is no ${flags.settings}: this is the plan of ${EXAMPLE_SETTINGS.zone}.\n`);
    console.log(describePlan(plan).join("\n"));
    console.log("secrets");
    for (const { domain, configuration } of plan.workers)
      for (const name of configuration.secrets?.required ?? [])
        console.log(`  ${domain.padEnd(10)} ${name.padEnd(24)} ${SECRETS[name]?.purpose ?? ""}`);
    console.log("builds");
    for (const { domain, ok, output } of await buildAll(plan.workers, settings ?? EXAMPLE_SETTINGS)) {
      const size = /Total Upload: (.*)/.exec(output)?.[1] ?? "";
      console.log(`  ${ok ? "ok    " : "FAILED"} ${domain.padEnd(14)} ${ok ? size : output}`);
      if (!ok) process.exitCode = 1;
    }
    return;
  }

  if (settings?.accountId) process.env.CLOUDFLARE_ACCOUNT_ID = settings.accountId;
  process.env.NO_COLOR = "1";
  await runPlan(plan, settings ?? EXAMPLE_SETTINGS, {
    wrangler: (args) => runTool("wrangler", args),
    say: (line) => console.log(line),
    secretsFile: flags.secrets,
    makeSecrets: flags["make-secrets"],
  });
  console.log(`Done. Ask https://${settings?.apiHost}/health.`);
}

if (isMain(import.meta.url)) {
  await main().catch((cause) => {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exitCode = 1;
  });
}
