/** The house as the bench measures it: fresh data each time, and beside it the ceilings and a look into the objects. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { z } from "zod";
import { ROOT, type WorkerDomain } from "../../shared/scripts/configurations.ts";
import { fileOfDatabase } from "../../shared/scripts/local-databases.ts";
import * as house from "../support/built-house.ts";
import { CEILINGS } from "./ceilings.ts";
import { STATISTICS } from "./stand-ins.ts";

const WORK_FOLDER = join(ROOT, ".wrangler/bench");

export interface HouseUnderLoad {
  gateway: string;
  helloWorld: string;
  inMemoryRpc: string;
  /** How the object of one event has grouped its commits since it was started, past every door. */
  commitStatistics(eventId: string): Promise<CommitStatistics>;
  /** Of a Worker's database, by its binding. */
  rows<Row>(domain: WorkerDomain, binding: string, sql: string): Promise<Row[]>;
  /** The same one, to fill it past every door. */
  database(domain: WorkerDomain, binding: string): Promise<D1Database>;
  /** The file that such a database is, by its id. */
  databaseFile(databaseId: string): string;
  testProviderSecret: string;
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

export const buildAll = (): Promise<house.Built> => house.buildAll(WORK_FOLDER);

export async function startHouseUnderLoad(built: house.Built, variant: Variant = {}): Promise<HouseUnderLoad> {
  const [gatewayPort, helloPort, rpcPort, statisticsPort] = [
    await house.freePort(),
    await house.freePort(),
    await house.freePort(),
    await house.freePort(),
  ];
  const data = await mkdtemp(join(WORK_FOLDER, "data-"));
  const vars = variant.groupCommit ? { events: { GROUP_COMMIT: variant.groupCommit } } : {};
  const secrets = house.makeSecrets();
  const workers = await house.builtWorkers({ built, gatewayPort, secrets, vars });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      // For a CPU profile of one Worker: the port serves the Chrome DevTools Protocol.
      ...(process.env.BENCH_INSPECT ? { inspectorPort: Number(process.env.BENCH_INSPECT) } : {}),
      resourcePersistencePath: data,
      workers: [...workers, ...CEILINGS(helloPort, rpcPort), STATISTICS(statisticsPort)],
    }),
  );
  await miniflare.ready;
  await house.migrateAll(miniflare);
  const database = (domain: WorkerDomain, binding: string) => miniflare.getD1Database(binding, `bilten-${domain}`);
  return {
    gateway: `http://127.0.0.1:${gatewayPort}`,
    helloWorld: `http://127.0.0.1:${helloPort}`,
    inMemoryRpc: `http://127.0.0.1:${rpcPort}`,
    commitStatistics: async (eventId) => {
      const response = await fetch(`http://127.0.0.1:${statisticsPort}/${eventId}`);
      return CommitStatistics.parse(await response.json());
    },
    rows: async <Row>(domain: WorkerDomain, binding: string, sql: string) => {
      const { results } = await (await database(domain, binding)).prepare(sql).all<Row>();
      return results;
    },
    database,
    databaseFile: (databaseId) => fileOfDatabase(join(data, "d1"), databaseId),
    testProviderSecret: secrets.payments?.TEST_PROVIDER_SECRET ?? "",
    stop: async () => {
      await miniflare.dispose();
      await rm(data, { recursive: true, force: true });
    },
  };
}
