/**
 * `npm run bench`: what the house does in a second, and in how much room, beside the ceilings of the same run. Prints; asserts nothing
 * about time. `npm run bench -- rush memory` measures these parts alone.
 */
import type { Built } from "../support/built-house.ts";
import { measureAuth, printAuth } from "./auth.ts";
import { measureFirstSale } from "./first-sale.ts";
import { buildAll, type HouseUnderLoad, startHouseUnderLoad } from "./house-under-load.ts";
import { measureListeners, printListeners } from "./listeners.ts";
import { measureLiveHolds } from "./live-holds.ts";
import { measureLoginFlood, printLoginFlood } from "./login-flood.ts";
import { measureMails, printMails } from "./mails.ts";
import { measureMemory } from "./memory.ts";
import { measureRush } from "./rush.ts";
import { fillIndex, measureSearch, printSearch } from "./search.ts";
import { measureSeats } from "./seats.ts";
import { measureUsersSearch, printUsersSearch } from "./users-search.ts";

/** All Workers, built once for the parts that want them. */
let house: Promise<Built> | undefined;
function builtHouse(): Promise<Built> {
  if (house === undefined) console.log("Building the Workers as for deployment …");
  house ??= buildAll();
  return house;
}

async function inHouse(measure: (house: HouseUnderLoad) => Promise<void>): Promise<void> {
  const started = await startHouseUnderLoad(await builtHouse());
  try {
    await measure(started);
  } finally {
    await started.stop();
  }
}

/** In the order in which they run. */
const PARTS: Record<string, () => Promise<void>> = {
  "first-sale": async () => measureFirstSale(await builtHouse()),
  auth: () => inHouse(async (counter) => printAuth(await measureAuth(counter))),
  "login-flood": () => inHouse(async (door) => printLoginFlood(await measureLoginFlood(door))),
  listeners: () => inHouse(async (market) => printListeners(await measureListeners(market))),
  "live-holds": measureLiveHolds,
  seats: measureSeats,
  memory: measureMemory,
  rush: measureRush,
  search: () =>
    inHouse(async (library) => {
      console.log("\nFilling the index with a hundred thousand events …");
      await fillIndex(library);
      printSearch(await measureSearch(library));
    }),
  "users-search": async () => printUsersSearch(await measureUsersSearch()),
  mails: async () => printMails(await measureMails()),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name: string) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`No part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
for (const [name, measure] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}`);
  const startMs = performance.now();
  await measure();
  console.log(`\n(${name} took ${((performance.now() - startMs) / 1_000).toFixed(0)} s)`);
}
