/** The house on one data folder, killed as a machine dies and started again on what it left behind. */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { type Built, builtWorkers, freePort, makeSecrets, migrateAll, sweepHouse } from "../support/built-house.ts";

/** Beside the data: what the Workers reported. */
export const ERROR_LOG = "errors.log";
const HEALTHY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Workerds that this process started and that still run. */
export function childWorkerds(): number[] {
  const parentOf = (pid: number): number => {
    try {
      // Field 4, counted from behind the name, which may hold anything.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return stat.includes("(workerd)") && fields[0] !== "Z" ? Number(fields[1]) : 0;
    } catch {
      return 0;
    }
  };
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === process.pid);
}

export function killWorkerds(pids = childWorkerds()): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

export class ChaosHouse {
  readonly gateway: string;
  readonly #data: string;
  /** With the same keys and the same port at each start. */
  readonly #workers: V4WorkerOptions[];
  #miniflare: Miniflare | null = null;

  constructor(workers: V4WorkerOptions[], gatewayPort: number, data: string) {
    this.#workers = workers;
    this.#data = data;
    this.gateway = `http://127.0.0.1:${gatewayPort}`;
  }

  static async open(built: Built, data: string): Promise<ChaosHouse> {
    const gatewayPort = await freePort();
    const house = new ChaosHouse(await builtWorkers({ built, gatewayPort, secrets: makeSecrets() }), gatewayPort, data);
    await house.start(true);
    return house;
  }

  /** Answers how long it took until all Workers answered. */
  async start(isFirst = false): Promise<number> {
    const startMs = performance.now();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: 0,
        resourcePersistencePath: this.#data,
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ({ level, message }) => {
          if (level === "error") appendFileSync(join(this.#data, ERROR_LOG), `${message}\n`);
        },
        workers: this.#workers,
      }),
    );
    this.#miniflare = miniflare;
    await miniflare.ready;
    if (isFirst) await migrateAll(miniflare);
    await this.#healthy();
    return performance.now() - startMs;
  }

  async #healthy(): Promise<void> {
    const deadlineMs = Date.now() + HEALTHY_WITHIN_MS;
    for (;;) {
      const status = await fetch(`${this.gateway}/health`).then(
        async (response) => {
          await response.body?.cancel();
          return response.status;
        },
        () => 0,
      );
      if (status === 200) return;
      if (Date.now() > deadlineMs) throw new Error(`the house is not up again: ${status}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  async sweep(): Promise<void> {
    if (this.#miniflare) await sweepHouse(this.#miniflare);
  }

  async #ask(domain: string, binding: string, sql: string): Promise<number> {
    const database = await this.#miniflare?.getD1Database(binding, `bilten-${domain}`);
    return (await database?.prepare(sql).first<number>("answer")) ?? 0;
  }

  /** How much of the news is still on its way, and how much has arrived. */
  async mailCounts(): Promise<{ waiting: number; written: number }> {
    const outbox = "SELECT count(*) AS answer FROM outbox";
    const [first, second, queued, mails, counted] = await Promise.all([
      this.#ask("payments", "DB_0", outbox),
      this.#ask("payments", "DB_1", outbox),
      this.#ask("notifications", "DB", "SELECT count(*) AS answer FROM deliveries WHERE status = 'queued'"),
      this.#ask("notifications", "DB", "SELECT count(*) AS answer FROM captured_messages"),
      this.#ask("analytics", "DB", "SELECT count(*) AS answer FROM counted_orders"),
    ]);
    return { waiting: first + second + queued, written: mails + counted };
  }

  /** When the last of the provider's timers goes off. */
  async lastTimerMs(): Promise<number> {
    const last = "SELECT max(due_at_ms) AS answer FROM test_deliveries";
    return Math.max(await this.#ask("payments", "DB_0", last), await this.#ask("payments", "DB_1", last));
  }

  /** `kill -9` in the middle of whatever it does, and a new one on the same data. Answers the milliseconds until it was up. */
  async killAndRestart(whileDown: () => void = () => undefined): Promise<number> {
    const startMs = performance.now();
    const pids = childWorkerds();
    if (pids.length === 0) throw new Error("no workerd to kill");
    killWorkerds(pids);
    await this.stop();
    whileDown();
    await this.start();
    return performance.now() - startMs;
  }

  async stop(): Promise<void> {
    const miniflare = this.#miniflare;
    this.#miniflare = null;
    await miniflare?.dispose();
  }
}
