/**
 * What listeners cost the thread that places holds (rule 14): holds a second with none and with two thousand, in the same run. workerd
 * runs all objects of a process on one thread, where Cloudflare gives each its own, so that here the shards' writing to sockets takes
 * from the stock. What the stock itself does for its listeners it does for one a shard as well: those are measured beside.
 */
import { type BoxOffice, openBoxOffice } from "./box-office.ts";
import { gatherCrowd } from "./crowd.ts";
import { type Figure, once } from "./drive.ts";
import type { HouseUnderLoad } from "./house-under-load.ts";
import { holdSteps } from "./steps.ts";

const PLENTY = 1_000_000;
export const LISTENERS = 2_000;
/** One on each shard, more or less: all questions that the stock ever asks its feeds, and next to no sockets. */
const FEW = 48;
/** workerd takes two file descriptors for each here, and many machines give a process 20,000. */
const MANY = 5_000;
const REACH_WITHIN_MS = 10_000;
/** Alternating, so that a machine that gets busier meanwhile is no listener's fault. */
const PAIRS = 3;

export interface Listened {
  without: Figure;
  few: Figure;
  listened: Figure;
  framesPerSecond: number;
  joinedInMs: number;
  /** From sending one hold until every one of `MANY` listeners has heard of it. */
  reachedInMs: number;
}

const median = (figures: Figure[]): Figure => {
  const middle = [...figures].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(figures.length / 2)];
  if (!middle) throw new Error("no run was measured");
  return middle;
};

export async function measureListeners(house: HouseUnderLoad, listeners = LISTENERS): Promise<Listened> {
  const box = await openBoxOffice(house.gateway);
  const sell = async (listening: number) => {
    const { eventId, ticketTypeId } = await box.publish(PLENTY);
    const startedMs = performance.now();
    const crowd = listening === 0 ? null : await gatherCrowd(`${house.gateway}/v1/events/${eventId}/availability`, listening);
    const joinedInMs = performance.now() - startedMs;
    await crowd?.heard();
    const soldMs = performance.now();
    const figure = await once({ url: house.gateway, steps: holdSteps(eventId, ticketTypeId), expect: 2 });
    const seconds = (performance.now() - soldMs) / 1_000;
    const framesPerSecond = ((await crowd?.heard()) ?? 0) / seconds;
    await crowd?.leave();
    return { figure, framesPerSecond, joinedInMs };
  };
  await sell(0);
  const without: Figure[] = [];
  const few: Figure[] = [];
  const listened: Figure[] = [];
  let [framesPerSecond, joinedInMs] = [0, 0];
  for (let pair = 0; pair < PAIRS; pair++) {
    without.push((await sell(0)).figure);
    few.push((await sell(FEW)).figure);
    const run = await sell(listeners);
    listened.push(run.figure);
    ({ framesPerSecond, joinedInMs } = run);
  }
  const reachedInMs = await reachAll(house, box);
  return { without: median(without), few: median(few), listened: median(listened), framesPerSecond, joinedInMs, reachedInMs };
}

async function reachAll(house: HouseUnderLoad, box: BoxOffice): Promise<number> {
  const { eventId, ticketTypeId } = await box.publish(PLENTY);
  const crowd = await gatherCrowd(`${house.gateway}/v1/events/${eventId}/availability`, MANY);
  await crowd.heard();
  const [{ path, body, headers } = {}] = holdSteps(eventId, ticketTypeId);
  const sentMs = performance.now();
  await fetch(`${house.gateway}${path}`, {
    method: "POST",
    body: String(body),
    headers: { ...headers } as Record<string, string>,
  });
  for (let heard = 0; heard < MANY; heard += await crowd.heard())
    if (performance.now() - sentMs > REACH_WITHIN_MS) throw new Error(`${heard} of ${MANY} listeners heard of a hold`);
  const reachedInMs = performance.now() - sentMs;
  await crowd.leave();
  return reachedInMs;
}

export function printListeners({ without, few, listened, framesPerSecond, joinedInMs, reachedInMs }: Listened): void {
  const line = (who: string, { perSecond, p50Ms, p99Ms }: Figure) =>
    console.log(`  ${who.padEnd(18)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms} ms  p99 ${p99Ms} ms`);
  console.log("\nHolds while others listen, all objects on one thread of workerd:");
  line("nobody listens", without);
  line(`${FEW} on 16 shards`, few);
  line(`${LISTENERS} listeners`, listened);
  const share = (figure: Figure): string => (figure.perSecond / without.perSecond).toFixed(2);
  console.log(
    `  ${share(few)} with the stock's own work for its feeds, ${share(listened)} with the shards' sockets on the same thread`,
  );
  console.log(
    `  ${framesPerSecond.toFixed(0)} frames/s, ${(framesPerSecond / LISTENERS).toFixed(1)} a listener; all let in within ${(joinedInMs / 1_000).toFixed(1)} s`,
  );
  console.log(`  one hold is heard of by ${MANY} listeners within ${reachedInMs.toFixed(0)} ms`);
}
