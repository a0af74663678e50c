/** All ten Workers behind one real address, with fresh storage, development keys of their own and the minute's cron (rule 23). */
import { createTestHarness, type TestHarness, type WorkerHandle } from "wrangler";
import { gatewayFirst, ROOT, readWorkers, type WorkerDomain } from "../../shared/scripts/configurations.ts";
import { developmentVars, makeSecret, secretNames } from "../../shared/scripts/development.ts";

/** As `npm start` does it: the last news of a sale may wait for a sweep, and a mail must follow within 10 s. */
export const SWEEP_EVERY_MS = 5_000;
const EVERY_MINUTE = "* * * * *";

export interface HouseOptions {
  /** A Worker's folder of built files in place of its own source: see `altered-worker.ts`. */
  prebuilt?: Partial<Record<WorkerDomain, string>>;
  /** Vars that differ from development's, by Worker: `{ payments: { ENVIRONMENT: "production" } }`. */
  vars?: Partial<Record<WorkerDomain, Record<string, string>>>;
  /** False where a test fires the cron itself. */
  sweeps?: boolean;
}

export interface House {
  /** `http://127.0.0.1:<port>`, reachable from anywhere on this machine, from inside the Workers too. */
  origin: string;
  /** A door to one Worker past the gateway: its bindings, its RPC, its objects. */
  worker<Env = Record<string, unknown>>(domain: WorkerDomain): WorkerHandle<Env>;
  sweep(): Promise<void>;
  server: TestHarness;
  stop(): Promise<void>;
}

/** Starts the house and gives it back when `/health` could be asked. Ends what it started when that fails. */
export async function startHouse({ prebuilt = {}, vars = {}, sweeps = true }: HouseOptions = {}): Promise<House> {
  const workers = readWorkers();
  const server = createTestHarness({
    root: ROOT,
    workers: gatewayFirst(workers).map(({ domain, configPath, configuration }) => {
      const values = { ...developmentVars(domain), ...vars[domain] };
      const keys = Object.fromEntries(secretNames(domain, configuration).map((name) => [name, makeSecret(name)]));
      const built = prebuilt[domain];
      return {
        configPath,
        vars: values,
        // A .dev.vars that `npm start` left beside the file has the last word over `vars`; a secret has it over both.
        secrets: { ...keys, ...values },
        ...(built ? { prebuiltWorkerDir: built } : {}),
      };
    }),
  });
  const worker = <Env = Record<string, unknown>>(domain: WorkerDomain) => server.getWorker<Env>(`bilten-${domain}`);
  const sweep = async () => {
    await worker("gateway").scheduled({ cron: EVERY_MINUTE });
  };
  try {
    const { url } = await server.listen();
    for (const { domain, configuration } of workers) {
      for (const { binding } of configuration.d1_databases) await worker(domain).applyD1Migrations(binding);
    }
    const timer = sweeps ? setInterval(() => void sweep().catch(() => undefined), SWEEP_EVERY_MS) : undefined;
    return {
      origin: url.origin,
      worker,
      sweep,
      server,
      stop: async () => {
        clearInterval(timer);
        await server.close();
      },
    };
  } catch (cause) {
    await server.close();
    throw cause;
  }
}
