/**
 * Seats inside the object: laying a map of 60,000, the best four together once 95 % are gone, holds in a row, the end of 500 holds. Each
 * figure is the object's own time, as workerd on this machine tells it, in whole milliseconds (so that the mean says more than the
 * median); nothing travels and nothing waits for a disk.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { runTool } from "../../shared/scripts/processes.ts";
import { modulesOf } from "../support/built-house.ts";

const TIMES = 400;
/** The middle one of so many percentiles is told: whatever else the machine does meanwhile falls into one of them. */
const ROUNDS = 5;
const SOLD = 0.95;
/** Sections of the arena: 1,000 seats each. */
const LARGE = 60;
const SMALL = 6;

const Installed = z.object({ partsMs: z.array(z.number()), seats: z.number(), bytes: z.number() });
const Held = z.object({ ms: z.array(z.number()), parts: z.array(z.number()) });
const Rush = z.object({ placeMs: z.array(z.number()), expireMs: z.number(), ended: z.number() });
const Told = z.object({ ms: z.number(), letters: z.number() });

type Ask = <Answer>(name: string, method: string, answer: z.ZodType<Answer>, ...values: unknown[]) => Promise<Answer>;

export async function measureSeats(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bilten-seats-"));
  try {
    const config = join(ROOT, "workers/notifications/wrangler.toml");
    const entry = join(ROOT, "test/load/seats-worker.ts");
    const { code, output } = await runTool("wrangler", ["deploy", entry, "--dry-run", "--outdir", folder, "-c", config]);
    if (code !== 0) throw new Error(`The Worker that measures seats does not build:\n${output}`);
    const house = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            name: "seats",
            compatibilityDate: "2026-11-02",
            modulesRoot: folder,
            modules: await modulesOf(folder, "seats-worker.js"),
            durableObjects: { BENCH: { className: "SeatBench", useSQLite: true } },
          },
        ],
      }),
    );
    try {
      await measure(async (name, method, answer, ...values) => {
        const response = await house.dispatchFetch(`http://seats.localhost/${name}/${method}`, {
          method: "POST",
          body: JSON.stringify(values),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${name}/${method}: ${text}`);
        return answer.parse(JSON.parse(text));
      });
    } finally {
      await house.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(ask: Ask): Promise<void> {
  for (const how of ["anywhere", "best"] as const) {
    for (const sections of [SMALL, LARGE]) {
      const name = `${how}-${sections}`;
      const { partsMs, seats, bytes } = await ask(name, "install", Installed, sections);
      const installMs = partsMs.reduce((sum, ms) => sum + ms, 0);
      console.log(
        `\n${seats} seats: laid in ${installMs.toFixed(0)} ms (longest part ${Math.max(...partsMs).toFixed(0)} ms), ${(bytes / 2 ** 20).toFixed(0)} MiB on disk`,
      );
      print(`hold of the best 4, nothing sold`, await rounds(ask, name, 4));
      await ask(name, "fill", z.object({}), SOLD, how);
      const sold = how === "best" ? "the best 95 % sold" : "95 % sold here and there";
      for (const quantity of [1, 2, 4, 10, 20])
        print(
          `hold of the best ${quantity}, ${sold}${quantity === 4 ? " (wanted p99 5 ms)" : ""}`,
          await rounds(ask, name, quantity),
        );
      const rush = await ask(name, "rush", Rush, 500, 2);
      print("500 holds of 2 in a row", [{ ms: rush.placeMs, parts: [] }]);
      console.log(`  ${rush.ended} due holds ended in ${rush.expireMs.toFixed(1)} ms`);
      const told = await ask(name, "states", Told);
      console.log(`  ${told.letters} states told in ${told.ms.toFixed(1)} ms`);
    }
  }
}

async function rounds(ask: Ask, name: string, quantity: number): Promise<z.infer<typeof Held>[]> {
  const done: z.infer<typeof Held>[] = [];
  for (let round = 0; round < ROUNDS; round++) done.push(await ask(name, "hold", Held, quantity, TIMES));
  return done;
}

function print(what: string, measured: readonly z.infer<typeof Held>[]): void {
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const percentile = (ms: readonly number[]) => [...ms].sort((a, b) => a - b)[Math.floor(ms.length * 0.99)] ?? 0;
  const mean = middle(measured.map(({ ms }) => ms.reduce((all, one) => all + one, 0) / ms.length));
  const p99 = middle(measured.map(({ ms }) => percentile(ms)));
  const most = Math.max(0, ...measured.flatMap(({ parts }) => parts));
  const inParts = most === 0 ? "" : `, in ${most} part${most === 1 ? "" : "s"}`;
  console.log(`  ${what}: mean ${mean.toFixed(2)} ms, p99 ${p99.toFixed(0)} ms${inParts}`);
}

if (process.argv[1] === import.meta.filename) await measureSeats();
