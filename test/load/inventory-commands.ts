/** What the Worker beside the inventory is told to do, and how to start the two. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { runTool } from "../../shared/scripts/processes.ts";
import { modulesOf } from "../support/built-house.ts";
import { type MemoryUse, measureMemoryOf } from "./workerd-memory.ts";

export type Command = { event: string } & (
  | { does: "open"; standing: number; sections: number }
  | { does: "place"; count: number; inFlight: number; stays: boolean }
  | { does: "sell"; seated: boolean; tickets: number }
  | { does: "contend"; contenders: number; inFlight: number; givesBackOneOf: number }
  /** The ceiling, as many times. */
  | { does: "add"; count: number; inFlight: number }
  | { does: "look" }
  | { does: "tally" }
);

export const Tally = z.object({
  tickets: z.number(),
  orders: z.number(),
  liveHolds: z.number(),
  seats: z.number(),
  /** Of the pool of the whole event. */
  capacity: z.number(),
  sold: z.number(),
  held: z.number(),
  /** Of the database. */
  bytes: z.number(),
});
export type Tally = z.infer<typeof Tally>;

export interface Inventories {
  tell<Answer>(command: Command, answer: z.ZodType<Answer>): Promise<Answer>;
  memory(): Promise<MemoryUse>;
  /** A new process with the same data. */
  restart(): Promise<void>;
}

/** The objects' data is on disk, and gone with the end. */
export async function withInventories(use: (inventories: Inventories) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bilten-inventory-"));
  try {
    const config = join(ROOT, "workers/notifications/wrangler.toml");
    const entry = join(ROOT, "test/load/inventory-worker.ts");
    const code = join(folder, "code");
    const built = await runTool("wrangler", ["deploy", entry, "--dry-run", "--outdir", code, "-c", config]);
    if (built.code !== 0) throw new Error(`The Worker beside the inventory does not build:\n${built.output}`);
    const modules = await modulesOf(code, "inventory-worker.js");
    const start = () =>
      new Miniflare(
        convertV4MiniflareOptions({
          resourcePersistencePath: join(folder, "data"),
          inspectorPort: 0,
          workers: [
            {
              name: "inventory",
              compatibilityDate: "2026-11-02",
              modulesRoot: code,
              modules,
              bindings: { ENVIRONMENT: "development" },
              queueProducers: { ANALYTICS_MAILBOX: "analytics" },
              durableObjects: {
                TICKET_INVENTORY: { className: "MeasuredInventory", useSQLite: true },
                AVAILABILITY_FEED: { className: "AvailabilityFeed", useSQLite: true },
                COUNTER: { className: "Counter", useSQLite: true },
              },
            },
          ],
        }),
      );
    let miniflare = start();
    try {
      await use({
        tell: async (command, answer) => {
          const response = await miniflare.dispatchFetch("http://inventory.localhost/", {
            method: "POST",
            body: JSON.stringify(command),
          });
          const text = await response.text();
          if (!response.ok) throw new Error(`${command.does}: ${text}`);
          return answer.parse(JSON.parse(text));
        },
        memory: () => measureMemoryOf(miniflare),
        restart: async () => {
          await miniflare.dispose();
          miniflare = start();
        },
      });
    } finally {
      await miniflare.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
