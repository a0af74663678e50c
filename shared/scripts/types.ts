/**
 * `npm run types`: writes workers/<domain>/env.d.ts from the wrangler.toml files, and the typed client from the document. With
 * `--check` it only says which env.d.ts is stale; the client is written all the same, as it is not committed.
 */
import { devNull } from "node:os";
import { writeClient } from "./client.ts";
import { domainOfService, readWorkers, type WorkerFiles } from "./configurations.ts";
import { isMain } from "./main.ts";
import { mapLimited, PARALLEL_TOOLS, runTool } from "./processes.ts";

const interfaceOf = (domain: string): string => `${domain.charAt(0).toUpperCase()}${domain.slice(1)}Env`;

/** The Worker's own configuration first, then those of the Workers it binds, so that its RPC stubs are typed. */
function typeArguments(worker: WorkerFiles, all: WorkerFiles[]): string[] {
  const bound = new Set(worker.configuration.services.map((service) => domainOfService(service.service)));
  const configurations = [worker, ...all.filter((other) => other !== worker && bound.has(other.domain))];
  return [
    "types",
    `${worker.folder}/env.d.ts`,
    ...configurations.flatMap((configuration) => ["-c", configuration.configPath]),
    "--env-interface",
    interfaceOf(worker.domain),
    "--include-runtime=false",
    "--strict-vars=false",
    // What a .dev.vars of this machine says would change the order of the names.
    "--env-file",
    devNull,
  ];
}

/** True when every file is fresh (or was written). */
export async function types(check: boolean): Promise<boolean> {
  const all = readWorkers();
  const results = await mapLimited(all, PARALLEL_TOOLS, async (worker) => {
    const { code, output } = await runTool("wrangler", [...typeArguments(worker, all), ...(check ? ["--check"] : [])]);
    if (code !== 0) console.error(`${worker.folder}/env.d.ts: ${check ? "stale, run npm run types" : "not written"}\n${output}`);
    return code === 0;
  });
  return (await writeClient()) && results.every(Boolean);
}

if (isMain(import.meta.url)) {
  process.exitCode = (await types(process.argv.includes("--check"))) ? 0 : 1;
}
