/** 200,000 people, 100,000 tickets, one object: until it is sold out, and then a count of what it says it sold. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Inventories, Tally, withInventories } from "./inventory-commands.ts";

const TICKETS = 100_000;
const CONTENDERS = 200_000;
const IN_FLIGHT = 256;
/** They come by one call of the Worker. */
const A_CALL = 10_000;
const GIVES_BACK_ONE_OF = 20;
/** The ceiling's, and as many again to warm up. */
const ADDED = 20_000;

const Outcome = z.object({
  holdMs: z.array(z.number()),
  claimMs: z.array(z.number()),
  confirmMs: z.array(z.number()),
  ticketIds: z.array(z.string()),
  gaveBack: z.number(),
  refused: z.record(z.string(), z.number()),
});

export const measureRush = (): Promise<void> => withInventories(measure);

async function measure({ tell }: Inventories): Promise<void> {
  const event = randomUUID();
  const add = () => tell({ event, does: "add", count: ADDED, inFlight: IN_FLIGHT }, z.number());
  await add();
  const ceiling = ADDED / (await add());
  await tell({ event, does: "open", standing: TICKETS, sections: 0 }, z.number());
  const told = { holdMs: [] as number[], claimMs: [] as number[], confirmMs: [] as number[], refused: new Map<string, number>() };
  const ticketIds = new Set<string>();
  let [gaveBack, heard] = [0, 0];
  const startMs = performance.now();
  let soldOutMs = Number.NaN;
  for (let came = 0; came < CONTENDERS; came += A_CALL) {
    const outcome = await tell(
      { event, does: "contend", contenders: A_CALL, inFlight: IN_FLIGHT, givesBackOneOf: GIVES_BACK_ONE_OF },
      Outcome,
    );
    told.holdMs.push(...outcome.holdMs);
    told.claimMs.push(...outcome.claimMs);
    told.confirmMs.push(...outcome.confirmMs);
    for (const [code, count] of Object.entries(outcome.refused)) told.refused.set(code, (told.refused.get(code) ?? 0) + count);
    for (const id of outcome.ticketIds) ticketIds.add(id);
    heard += outcome.ticketIds.length;
    gaveBack += outcome.gaveBack;
    if (heard >= TICKETS && Number.isNaN(soldOutMs)) soldOutMs = performance.now() - startMs;
  }
  const ms = performance.now() - startMs;
  const tally = await tell({ event, does: "tally" }, Tally);

  const asked = told.holdMs.length + gaveBack + told.claimMs.length + told.confirmMs.length;
  console.log(
    `\n${CONTENDERS} people for ${TICKETS} tickets, ${IN_FLIGHT} at a time, by RPC from a Worker to the event's object:`,
  );
  console.log(
    `  ${(ms / 1_000).toFixed(0)} s, sold out after ${(soldOutMs / 1_000).toFixed(0)} s; ${((asked * 1_000) / ms).toFixed(0)} commands/s, ${(asked / ms / ceiling).toFixed(2)} of in-memory RPC (${(ceiling * 1_000).toFixed(0)}/s)`,
  );
  for (const [what, list] of [
    ["holds", told.holdMs],
    ["orders", told.claimMs],
    ["confirmations", told.confirmMs],
  ] as const)
    console.log(`  ${list.length} ${what}: p50 ${percentile(list, 0.5)} ms, p99 ${percentile(list, 0.99)} ms`);
  const refused = [...told.refused].map(([code, count]) => `${count} heard ${code}`).join(", ");
  console.log(`  ${gaveBack} gave theirs back; ${refused || "nobody was refused"}`);
  console.log(
    `  the object says: capacity ${tally.capacity}, sold ${tally.sold}, held ${tally.held}, ${tally.tickets} tickets of ${tally.orders} orders, ${(tally.bytes / 2 ** 20).toFixed(0)} MiB`,
  );
  const oversold = Math.max(tally.tickets, tally.sold, ticketIds.size) - TICKETS;
  const isRight = [tally.sold + tally.held, tally.tickets, tally.orders, ticketIds.size, heard].every(
    (count) => count === TICKETS,
  );
  if (!isRight) throw new Error(`the rush does not add up: ${oversold} oversold, ${heard} tickets were heard of`);
  console.log("  nothing oversold: as many tickets as there were, each of them told to one buyer");
}

const percentile = (list: readonly number[], share: number): string =>
  ([...list].sort((a, b) => a - b)[Math.floor(share * (list.length - 1))] ?? Number.NaN).toFixed(0);
