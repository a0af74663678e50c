/** `npm run reindex`: the search index anew from the events; here, or with `--remote` in the account that wrangler is signed in to. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { isMain } from "./main.ts";
import { type Ask, askAccount, askLocally, type Place, readPlaces } from "./parked-messages.ts";
import { STATE_FOLDER } from "./state.ts";

const USAGE = `npm run reindex [-- --remote] [--no-wait]
Asks the search Worker to build its index anew from the events. Its sweep does it, 1,600 events at a time: every few seconds while
npm start runs, every minute where it is deployed. Until the new index is whole the old one answers.
--remote asks the deployed database; --persist-to <folder> another local state than npm start's; --no-wait does not wait for the end.`;

const ASK_EVERY_MS = { local: 2_000, remote: 20_000 };
/** Without any progress; the question stands, and the next sweep takes it up. */
const PATIENCE_MS = { local: 60_000, remote: 600_000 };

const OPTIONS = {
  remote: { type: "boolean", default: false },
  "no-wait": { type: "boolean", default: false },
  "persist-to": { type: "string", default: STATE_FOLDER },
} as const;

const Rebuild = z.object({
  asked_at_ms: z.int(),
  started_at_ms: z.int().nullable(),
  events_read: z.int(),
  finished_at_ms: z.int().nullable(),
});
type Rebuild = z.infer<typeof Rebuild>;
const COLUMNS = Object.keys(Rebuild.shape).join(", ");

const one = async (ask: Ask, place: Place, sql: string): Promise<Rebuild> => {
  const [row] = z.array(Rebuild).parse(await ask(place, sql));
  if (!row) throw new Error("The search database has no row of the rebuild: are its migrations applied?");
  return row;
};

/** One that is under way starts over. */
export const requestRebuild = (ask: Ask, place: Place, nowMs: number): Promise<Rebuild> =>
  one(
    ask,
    place,
    `INSERT INTO rebuilds (id, asked_at_ms) VALUES (1, ${Math.trunc(nowMs)})
     ON CONFLICT (id) DO UPDATE SET asked_at_ms = excluded.asked_at_ms, started_at_ms = NULL, after_id = '', events_read = 0, finished_at_ms = NULL
     RETURNING ${COLUMNS}`,
  );

export const readRebuild = (ask: Ask, place: Place): Promise<Rebuild> =>
  one(ask, place, `SELECT ${COLUMNS} FROM rebuilds WHERE id = 1`);

export const searchPlace = (): Place => {
  const place = readPlaces().find(({ mailbox }) => mailbox === "search");
  if (!place) throw new Error("search has no database");
  return place;
};

async function waitFor(ask: Ask, place: Place, asked: Rebuild, where: "local" | "remote"): Promise<void> {
  let [last, movedAtMs] = [asked, Date.now()];
  while (true) {
    await sleep(ASK_EVERY_MS[where]);
    const now = await readRebuild(ask, place);
    if (now.asked_at_ms !== asked.asked_at_ms)
      throw new Error("Somebody else has asked for a new index meanwhile: theirs is being built.");
    if (now.finished_at_ms !== null) return console.log(`The new index answers: ${now.events_read} events read.`);
    if (now.events_read !== last.events_read || now.started_at_ms !== last.started_at_ms) {
      console.log(`${now.events_read} events read`);
      [last, movedAtMs] = [now, Date.now()];
    } else if (Date.now() - movedAtMs > PATIENCE_MS[where])
      throw new Error("No sweep has gone on with it yet. It is asked for: it is done as soon as the Workers run.");
  }
}

if (isMain(import.meta.url)) {
  try {
    const { values } = parseArgs({ args: process.argv.slice(2), options: OPTIONS });
    const [ask, place] = [values.remote ? askAccount : askLocally(values["persist-to"]), searchPlace()];
    const asked = await requestRebuild(ask, place, Date.now());
    console.log("Asked for a new index.");
    if (!values["no-wait"]) await waitFor(ask, place, asked, values.remote ? "remote" : "local");
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 1;
  }
}
