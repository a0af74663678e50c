/** Sequences made, played, and made shorter where one fails. */
import fc from "fast-check";
import { type SmallRow, smallMap } from "../support/small-seat-maps.ts";
import { loadInventory } from "./inventory-object.ts";
import type { Swap } from "./inventory-pieces.ts";
import { type Manner, Run, type World } from "./inventory-run.ts";
import { type Ground, openGround } from "./inventory-storage.ts";
import type { Seating } from "./inventory-terms.ts";

export interface Options {
  runs: number;
  steps: number;
  seed: number;
  path: string | undefined;
  manner: string;
  seated: string;
  swaps?: readonly Swap[];
  shrinks?: boolean;
}

export interface Report {
  options: Options;
  sequences: number;
  steps: number;
  seconds: number;
  answers: Map<string, number>;
  failure: { path: string; why: string; trace: string[] } | null;
}

export const MANNERS: readonly Manner[] = ["plain", "evicted", "batched", "lagging"];
/** What a crowd does to the object whose holds have all ended, done to one that has few. */
const LAGGING: readonly Swap[] = [
  {
    file: "durable-objects/ticket-inventory/due-holds.ts",
    find: "const EXPIRED_AT_A_TIME = 200;",
    replace: "const EXPIRED_AT_A_TIME = 1;",
  },
  {
    file: "durable-objects/ticket-inventory/index.ts",
    find: "const EXPIRED_PER_ALARM = 500;",
    replace: "const EXPIRED_PER_ALARM = 1;",
  },
];
const row = (section: number, category: number, kinds: string, table = false): SmallRow => ({
  section,
  category,
  table,
  kinds: [...kinds],
});
const ROWS = [
  row(0, 0, "ooooooo"),
  row(0, 0, "ooooo"),
  row(0, 1, "oooooo"),
  row(1, 0, "oacoo"),
  row(1, 1, "ooo"),
  row(1, 1, "oooo", true),
  row(2, 1, "ooacoo"),
];
/** The small one lacks the last row. */
const MAPS = new Map([smallMap(ROWS, "large"), smallMap(ROWS.slice(0, -1), "small")].map((map) => [map.id, map]));
const SEATINGS: readonly Seating[] = [
  [["c0"], ["c0"], ["c1"]],
  [["c0"], ["c0", "c1"]],
];

/** A step that can be left out. */
const step = fc.option(fc.noShrink(fc.noBias(fc.integer({ min: 1, max: 2 ** 31 - 1 }))), { nil: 0, freq: 1_000_000_000 });

export async function simulate(options: Options): Promise<Report> {
  const { swaps = [] } = options;
  const grounds = new Map<Manner, Ground>();
  const shipped = openGround(await loadInventory(swaps));
  for (const manner of MANNERS) grounds.set(manner, shipped);
  grounds.set("lagging", openGround(await loadInventory([...swaps, ...LAGGING])));
  const answers = new Map<string, number>();
  const realNow = Date.now;
  const startedMs = performance.now();
  let steps = 0;
  let last: Run | null = null;
  const property = fc.asyncProperty(
    fc.noShrink(fc.noBias(fc.nat({ max: 2 ** 31 - 1 }))),
    fc.array(step, { minLength: options.steps, maxLength: options.steps }),
    async (first, seeds) => {
      last = await Run.begin(worldOf(grounds, answers, options, first), first);
      for (const seed of seeds) {
        if (seed === 0) continue;
        steps += 1;
        await last.step(seed);
      }
      await last.end();
    },
  );
  const { seed, runs: numRuns, path } = options;
  const outcome = await fc.check(property, {
    seed,
    numRuns,
    ...(path === undefined ? {} : { path }),
    endOnFailure: options.shrinks === false,
  });
  Date.now = realNow;
  const why = outcome.errorInstance instanceof Error ? (outcome.errorInstance.stack ?? "") : String(outcome.errorInstance);
  return {
    options,
    sequences: outcome.numRuns,
    steps,
    seconds: (performance.now() - startedMs) / 1000,
    answers,
    failure: outcome.failed
      ? { path: outcome.counterexamplePath?.split(":")[0] ?? "", why, trace: (last as Run | null)?.trace ?? [] }
      : null,
  };
}

function worldOf(
  grounds: ReadonlyMap<Manner, Ground>,
  answers: Map<string, number>,
  { manner, seated }: Options,
  first: number,
): World {
  const isSeated = seated === "both" ? first % 2 === 1 : seated === "yes";
  const own = manner === "all" ? MANNERS[Math.floor(first / 2) % MANNERS.length] : MANNERS.find((one) => one === manner);
  const ground = own === undefined ? undefined : grounds.get(own);
  if (own === undefined || ground === undefined) throw new Error(`no such manner: ${manner}`);
  const seating = isSeated ? (SEATINGS[Math.floor(first / 8) % SEATINGS.length] ?? []) : [];
  return { ground, manner: own, maps: isSeated ? MAPS : new Map(), seating, answers };
}

export function printFigures({ options, sequences, steps, seconds, answers, failure }: Report): void {
  const { seed, manner } = options;
  console.log(`${sequences} sequences, ${steps} steps in ${seconds.toFixed(1)} s (${manner}), --seed ${seed}`);
  const doors = new Map<string, string[]>();
  for (const [name, count] of [...answers].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [door = "", outcome = ""] = name.split(" ");
    doors.set(door, [...(doors.get(door) ?? []), `${outcome} ${count}`]);
  }
  for (const [door, outcomes] of doors) console.log(`  ${door.padEnd(16)}${outcomes.join(", ")}`);
  if (failure === null) return;
  console.log(`\nFailed: --seed ${seed} --path ${failure.path}\n${failure.trace.join("\n")}\n${failure.why}`);
}
