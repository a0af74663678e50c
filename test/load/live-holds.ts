/** Whether a hold costs more where a hundred thousand live already than where a thousand do: in turns, so that the machine is the same. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Inventories, withInventories } from "./inventory-commands.ts";

const FEW = 1_000;
const MANY = 100_000;
const A_ROUND = 2_000;
const ROUNDS = 15;
const IN_FLIGHT = 64;
const PLENTY = 1_000_000;
/** Placed by one call of the Worker. */
const A_CALL = 10_000;

const Milliseconds = z.number();

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

export const measureLiveHolds = (): Promise<void> => withInventories(measure);

async function measure({ tell }: Inventories): Promise<void> {
  const [few, many] = [randomUUID(), randomUUID()];
  const place = (event: string, count: number, stays: boolean) =>
    tell({ event, does: "place", count, inFlight: IN_FLIGHT, stays }, Milliseconds);
  for (const [event, live] of [
    [few, FEW],
    [many, MANY],
  ] as const) {
    await tell({ event, does: "open", standing: PLENTY, sections: 0 }, z.number());
    for (let placed = 0; placed < live; placed += A_CALL) await place(event, Math.min(A_CALL, live - placed), true);
  }
  const ms: Record<"few" | "many" | "ceiling", number[]> = { few: [], many: [], ceiling: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const [fewMs, manyMs] = [await place(few, A_ROUND, false), await place(many, A_ROUND, false)];
    const ceilingMs = await tell({ event: few, does: "add", count: A_ROUND, inFlight: IN_FLIGHT }, Milliseconds);
    // The first round warms up.
    if (round === 0) continue;
    ms.few.push(fewMs);
    ms.many.push(manyMs);
    ms.ceiling.push(ceilingMs);
  }
  const each = (rounds: number[]) => ((median(rounds) * 1_000) / A_ROUND).toFixed(0);
  const ratio = median(ms.many.map((manyMs, round) => manyMs / (ms.few[round] ?? Number.NaN)));
  console.log(`\nHolds by RPC from a Worker, ${IN_FLIGHT} at a time, medians of ${ROUNDS} rounds of ${A_ROUND}:`);
  console.log(`  ceiling: an object that adds in memory  ${each(ms.ceiling)} µs`);
  console.log(`  a hold beside ${FEW} live ones           ${each(ms.few)} µs`);
  console.log(`  a hold beside ${MANY} live ones         ${each(ms.many)} µs, ${ratio.toFixed(2)} × (wanted at most 1.2)`);
  console.log(`  ${(median(ms.ceiling) / median(ms.many)).toFixed(2)} of the ceiling's speed`);
}
