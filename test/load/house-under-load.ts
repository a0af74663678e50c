/**
 * All Workers as they would be deployed, in workerd with a socket of the gateway's own: the proxy of `wrangler dev` answers a
 * twentieth of what workerd does, and would be all that a benchmark measures.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_splitSqlQuery } from "wrangler";
import { z } from "zod";
import { gatewayFirst, ROOT, readWorkers, type WorkerFiles } from "../../shared/scripts/configurations.ts";
import { developmentVars, makeSecret, secretNames } from "../../shared/scripts/development.ts";
import { mapLimited, PARALLEL_TOOLS, runTool } from "../../shared/scripts/processes.ts";
import { CEILINGS } from "./ceilings.ts";
import { limiterBindings, STAND_INS } from "./stand-ins.ts";

const WORK_FOLDER = join(ROOT, ".wrangler/bench");

export interface HouseUnderLoad {
  gateway: string;
  helloWorld: string;
  inMemoryRpc: string;
  /** How the object of one event has grouped its commits since it was started, past every door. */
  commitStatistics(eventId: string): Promise<CommitStatistics>;
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

const CommitStatistics = z.object({
  commits: z.number(),
  commands: z.number(),
  /** Commands in a commit → how many commits had that many. */
  histogram: z.record(z.string(), z.number()),
});
export type CommitStatistics = z.infer<typeof CommitStatistics>;

export interface Variant {
  /** "off": one commit a command, for comparison. */
  groupCommit?: "off";
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** What `wrangler deploy` would upload, a folder a Worker. */
export async function buildAll(): Promise<Map<string, string>> {
  await rm(WORK_FOLDER, { recursive: true, force: true });
  await mkdir(WORK_FOLDER, { recursive: true });
  const built = await mapLimited(readWorkers(), PARALLEL_TOOLS, async ({ domain, configPath }) => {
    const folder = join(WORK_FOLDER, domain);
    const { code, output } = await runTool("wrangler", ["deploy", "--dry-run", "--outdir", folder, "-c", configPath]);
    if (code !== 0) throw new Error(`The ${domain} Worker does not build:\n${output}`);
    return [domain, folder] as const;
  });
  return new Map(built);
}

async function modulesOf(folder: string) {
  const names = (await readdir(folder)).filter(
    (name) => !name.endsWith(".map") && name !== "README.md" && name !== "metafile.json",
  );
  // The entry is `index.js`; what else lies there are texts that it imports by these names.
  const others = names.filter((name) => name !== "index.js").map((name) => ({ type: "Text" as const, path: join(folder, name) }));
  return [{ type: "ESModule" as const, path: join(folder, "index.js") }, ...others];
}

async function optionsOf({ domain, configPath, configuration }: WorkerFiles, folder: string, variant: Variant, port: number) {
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
  const secrets = Object.fromEntries(secretNames(domain, configuration).map((name) => [name, makeSecret(name)]));
  return {
    ...options,
    name: `bilten-${domain}`,
    modules: await modulesOf(folder),
    modulesRoot: folder,
    bindings: {
      ...configuration.vars,
      ...developmentVars(domain),
      ...secrets,
      ...(domain === "events" && variant.groupCommit ? { GROUP_COMMIT: variant.groupCommit } : {}),
    },
    ...(domain === "gateway"
      ? {
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
          ratelimits: {},
          serviceBindings: Object.assign({}, options.serviceBindings, limiterBindings(Object.keys(options.ratelimits ?? {}))),
        }
      : {}),
  };
}

export async function startHouseUnderLoad(built: Map<string, string>, variant: Variant = {}): Promise<HouseUnderLoad> {
  const [gatewayPort, helloPort, rpcPort, statisticsPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const data = await mkdtemp(join(WORK_FOLDER, "data-"));
  const workers = gatewayFirst(readWorkers());
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      // For a CPU profile of one Worker: the port serves the Chrome DevTools Protocol.
      ...(process.env.BENCH_INSPECT ? { inspectorPort: Number(process.env.BENCH_INSPECT) } : {}),
      defaultPersistRoot: data,
      workers: [
        ...(await Promise.all(workers.map((worker) => optionsOf(worker, built.get(worker.domain) ?? "", variant, gatewayPort)))),
        ...CEILINGS(helloPort, rpcPort),
        ...STAND_INS(statisticsPort),
      ],
    }),
  );
  await miniflare.ready;
  for (const { domain, configuration, configFolder } of workers) {
    for (const { binding, migrations_dir } of configuration.d1_databases) {
      const database = await miniflare.getD1Database(binding, `bilten-${domain}`);
      const folder = join(ROOT, configFolder, migrations_dir ?? "");
      for (const file of (await readdir(folder)).sort()) {
        for (const statement of unstable_splitSqlQuery(await readFile(join(folder, file), "utf8")))
          await database.prepare(statement).run();
      }
    }
  }
  return {
    gateway: `http://127.0.0.1:${gatewayPort}`,
    helloWorld: `http://127.0.0.1:${helloPort}`,
    inMemoryRpc: `http://127.0.0.1:${rpcPort}`,
    commitStatistics: async (eventId) => {
      const response = await fetch(`http://127.0.0.1:${statisticsPort}/${eventId}`);
      return CommitStatistics.parse(await response.json());
    },
    sweep: async () => {
      const gateway = await miniflare.getWorker("bilten-gateway");
      await gateway.scheduled({ cron: "* * * * *" });
    },
    stop: async () => {
      await miniflare.dispose();
      await rm(data, { recursive: true, force: true });
    },
  };
}
