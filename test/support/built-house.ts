/**
 * All Workers as they would be deployed, in workerd with a socket of the gateway's own: what the benchmarks measure and what the
 * simulation kills. The proxy of `wrangler dev` answers a twentieth of what workerd does, and hides a crash.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Miniflare, V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_splitSqlQuery } from "wrangler";
import { z } from "zod";
import { gatewayFirst, ROOT, readWorkers, type WorkerDomain, type WorkerFiles } from "../../shared/scripts/configurations.ts";
import { developmentVars, makeSecret, secretNames } from "../../shared/scripts/development.ts";
import { mapLimited, PARALLEL_TOOLS, runTool } from "../../shared/scripts/processes.ts";
import { LIMITER, limiterBindings } from "./stand-in-limiter.ts";

/** A Worker's folder of built files, by domain. */
export type Built = Map<string, string>;
/** The same over restarts on one persist root, or codes, tokens and sessions of before would be strangers'. */
export type Secrets = Partial<Record<WorkerDomain, Record<string, string>>>;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** What `wrangler deploy` would upload, a folder a Worker. Whatever stood in `folder` goes. */
export async function buildAll(folder: string): Promise<Built> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const built = await mapLimited(readWorkers(), PARALLEL_TOOLS, async ({ domain, configPath }) => {
    const outdir = join(folder, domain);
    const { code, output } = await runTool("wrangler", ["deploy", "--dry-run", "--outdir", outdir, "-c", configPath]);
    if (code !== 0) throw new Error(`The ${domain} Worker does not build:\n${output}`);
    return [domain, outdir] as const;
  });
  return new Map(built);
}

export const makeSecrets = (): Secrets =>
  Object.fromEntries(
    readWorkers().map(({ domain, configuration }) => [
      domain,
      Object.fromEntries(secretNames(domain, configuration).map((name) => [name, makeSecret(name)])),
    ]),
  );

/** A built Worker as Miniflare takes it. */
export async function modulesOf(folder: string, entry = "index.js") {
  const names = (await readdir(folder)).filter(
    (name) => !name.endsWith(".map") && name !== "README.md" && name !== "metafile.json",
  );
  // What lies beside the entry are texts and bytes that it imports by these names.
  const others = names
    .filter((name) => name !== entry)
    .map((name) => ({ type: name.endsWith(".bin") ? ("Data" as const) : ("Text" as const), path: join(folder, name) }));
  return [{ type: "ESModule" as const, path: join(folder, entry) }, ...others];
}

export interface BuiltHouse {
  built: Built;
  gatewayPort: number;
  secrets: Secrets;
  /** Vars beside development's, by Worker. */
  vars?: Secrets;
}

async function optionsOf(
  { domain, configPath, configuration }: WorkerFiles,
  { built, gatewayPort, secrets, vars }: BuiltHouse,
): Promise<V4WorkerOptions> {
  const folder = built.get(domain) ?? "";
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, configPath));
  const {
    rootPath: _rootPath,
    modulesRules: _modulesRules,
    cronTriggers: _cronTriggers,
    zone: _zone,
    ...options
  } = workerOptions as typeof workerOptions & {
    rootPath?: string;
    cronTriggers?: unknown;
    zone?: unknown;
  };
  return {
    ...options,
    name: `bilten-${domain}`,
    modules: await modulesOf(folder),
    modulesRoot: folder,
    bindings: {
      ...z.record(z.string(), z.json()).parse(configuration.vars ?? {}),
      ...developmentVars(domain),
      ...(secrets[domain] ?? {}),
      ...(vars?.[domain] ?? {}),
    },
    ...(domain === "gateway"
      ? {
          unsafeDirectSockets: [{ host: "127.0.0.1", port: gatewayPort }],
          ratelimits: {},
          serviceBindings: Object.assign({}, options.serviceBindings, limiterBindings(Object.keys(options.ratelimits ?? {}))),
        }
      : {}),
  };
}

/** For `convertV4MiniflareOptions`: the gateway first, and what stands in for the rate limits last. */
export const builtWorkers = async (house: BuiltHouse): Promise<V4WorkerOptions[]> => [
  ...(await Promise.all(gatewayFirst(readWorkers()).map((worker) => optionsOf(worker, house)))),
  LIMITER,
];

/** Once a persist root. */
export async function migrateAll(miniflare: Miniflare): Promise<void> {
  for (const { domain, configuration, configFolder } of readWorkers()) {
    for (const { binding, migrations_dir } of configuration.d1_databases) {
      const database = await miniflare.getD1Database(binding, `bilten-${domain}`);
      const folder = join(ROOT, configFolder, migrations_dir ?? "");
      for (const file of (await readdir(folder)).sort()) {
        for (const statement of unstable_splitSqlQuery(await readFile(join(folder, file), "utf8")))
          await database.prepare(statement).run();
      }
    }
  }
}

/** What the minute's cron does (rule 23). */
export async function sweepHouse(miniflare: Miniflare): Promise<void> {
  const gateway = await miniflare.getWorker("bilten-gateway");
  await gateway.scheduled({ cron: "* * * * *" });
}
