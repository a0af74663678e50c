/** `npm run deploy -- --dry-run`: builds every Worker as it would be uploaded, in deploy order, two at a time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWorkers, type WorkerFiles } from "./configurations.ts";
import { isMain } from "./main.ts";
import { mapLimited, PARALLEL_TOOLS, runTool } from "./processes.ts";

export interface Deployment {
  domain: string;
  ok: boolean;
  output: string;
}

/** Rule 2: what is committed is what production runs. */
const refusal = ({ configuration }: WorkerFiles): string | undefined =>
  configuration.vars?.ENVIRONMENT === "production" ? undefined : 'its wrangler.toml does not say ENVIRONMENT = "production"';

export async function deployDry(): Promise<Deployment[]> {
  const folder = mkdtempSync(join(tmpdir(), "bilten-deploy-"));
  try {
    return await mapLimited(readWorkers(), PARALLEL_TOOLS, async (worker) => {
      const { domain, configPath } = worker;
      const refused = refusal(worker);
      if (refused) return { domain, ok: false, output: refused };
      const { code, output } = await runTool("wrangler", [
        "deploy",
        "--dry-run",
        "--outdir",
        join(folder, domain),
        "-c",
        configPath,
      ]);
      return { domain, ok: code === 0, output };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  if (!process.argv.includes("--dry-run")) {
    console.error("Only --dry-run: uploading needs an account, which this repository does not assume.");
    process.exit(1);
  }
  for (const { domain, ok, output } of await deployDry()) {
    const size = /Total Upload: (.*)/.exec(output)?.[1] ?? "";
    console.log(`${ok ? "ok    " : "FAILED"} ${domain.padEnd(14)} ${ok ? size : output}`);
    if (!ok) process.exitCode = 1;
  }
}
