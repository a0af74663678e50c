/** What one event takes: an arena with 60,000 seats and standing room, all of its 100,000 tickets sold. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Inventories, Tally, withInventories } from "./inventory-commands.ts";
import type { MemoryUse } from "./workerd-memory.ts";

const SECTIONS = 60;
const STANDING = 40_000;
/** Sold by one call of the Worker. */
const A_CALL = 10_000;

export const measureMemory = (): Promise<void> => withInventories(measure);

async function measure({ tell, memory, restart }: Inventories): Promise<void> {
  const [small, arena] = [randomUUID(), randomUUID()];
  await tell({ event: small, does: "open", standing: 10, sections: 0 }, z.number());
  const bare = await memory();
  const seats = await tell({ event: arena, does: "open", standing: STANDING, sections: SECTIONS }, z.number());
  const laid = await memory();
  for (const [seated, tickets] of [
    [true, seats],
    [false, STANDING],
  ] as const)
    for (let sold = 0; sold < tickets; sold += A_CALL)
      await tell({ event: arena, does: "sell", seated, tickets: Math.min(A_CALL, tickets - sold) }, z.null());
  const sold = await memory();
  const tally = await tell({ event: arena, does: "tally" }, Tally);
  await restart();
  await tell({ event: small, does: "tally" }, Tally);
  const restarted = await memory();
  await tell({ event: arena, does: "look" }, z.json());
  const looked = await memory();

  console.log(`\nAn event with ${tally.seats} seats and ${tally.tickets} tickets of ${tally.orders} orders:`);
  console.log(`  its database is ${mebibytes(tally.bytes)} on disk`);
  const line = (what: string, { heapBytes, processBytes }: MemoryUse, before: MemoryUse) =>
    console.log(
      `  ${what.padEnd(48)} isolate's heap ${mebibytes(heapBytes)} (+${mebibytes(heapBytes - before.heapBytes)}), workerd ${mebibytes(processBytes)} (+${mebibytes(processBytes - before.processBytes)})`,
    );
  line("an event of ten tickets", bare, bare);
  line("the arena laid and opened", laid, bare);
  line("sold out", sold, bare);
  line("a new process, without the arena", restarted, restarted);
  line("the arena restored, availability and seats told", looked, restarted);
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
