/** An event's news for all who have tickets, a page of them after the other: who would go in vain before who would go elsewhere. */
import { tellOfCancellation } from "./cancelled-events";
import type { Env } from "./environment";
import { tellOfMove } from "./moved-events";

/** Pages that one sweep asks for, of all events together. */
const PAGES_A_SWEEP = 4;

/** Returns how many orders it came to. */
export async function tellBuyers(env: Env): Promise<number> {
  let count = 0;
  for (let pages = 0; pages < PAGES_A_SWEEP; pages++) {
    const told = (await tellOfCancellation(env)) ?? (await tellOfMove(env));
    if (told === null) break;
    count += told;
  }
  return count;
}
