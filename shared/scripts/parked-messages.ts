/** The messages that mailboxes could not settle, read and changed where they are parked: in the database of each mailbox's owner. */
import { z } from "zod";
import { readWorkers } from "./configurations.ts";
import { askLocalDatabase } from "./local-databases.ts";
import { runTool } from "./processes.ts";

export interface Place {
  mailbox: string;
  database: string;
  databaseId: string;
  configPath: string;
}

/** Every mailbox, and the database in which its owner parks. A sharded owner parks in its first one. */
export const readPlaces = (): Place[] =>
  readWorkers().flatMap(({ domain, configPath, configuration: { queues, d1_databases } }) => {
    const parks = queues.consumers.some(({ queue }) => queue === `bilten-${domain}-dead-letters`);
    const [first] = d1_databases;
    return parks && first ? [{ mailbox: domain, database: first.database_name, databaseId: first.database_id, configPath }] : [];
  });

/** Runs one statement; every value in it was made or checked here, because wrangler binds none. */
export type Ask = (place: Place, sql: string) => Promise<unknown[]>;

export const askLocally =
  (state: string): Ask =>
  async ({ databaseId }, sql) =>
    askLocalDatabase(state, databaseId, sql);

const Answer = z.array(z.object({ results: z.array(z.unknown()) }));
const Failed = z.object({ error: z.object({ text: z.string() }) });

function readAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In the account that wrangler is signed in to. */
export const askAccount: Ask = async ({ database, configPath }, sql) => {
  const command = ["d1", "execute", database, "-c", configPath, "--remote", "--yes", "--json", "--command", sql];
  const { code, output, answer } = await runTool("wrangler", command);
  const said = readAnswer(answer);
  const answered = Answer.safeParse(said);
  if (code === 0 && answered.success) return answered.data.flatMap(({ results }) => results);
  const failed = Failed.safeParse(said);
  throw new Error(`${database}: ${failed.success ? failed.data.error.text : output.trim()}`);
};

const Summary = z.object({
  id: z.string(),
  reason: z.string(),
  type: z.string().nullable(),
  subject: z.string().nullable(),
  error: z.string(),
  attempts: z.int(),
  parked_at_ms: z.int(),
  tried_at_ms: z.int(),
  replay_requested_at_ms: z.int().nullable(),
});
const Whole = Summary.extend({ dataschema: z.string().nullable(), body: z.string() });
const Named = z.object({ id: z.string() });
const COLUMNS = Object.keys(Summary.shape).join(", ");

export type ParkedSummary = z.infer<typeof Summary> & { mailbox: string };
export type ParkedMessage = z.infer<typeof Whole> & { mailbox: string };
export type ParkedName = z.infer<typeof Named> & { mailbox: string };

/** What `shared/d1/dead-letters.ts` makes: nothing else may stand in a statement. */
const ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|sha256-[\w-]{43})$/;
export const isParkedId = (text: string): boolean => ID.test(text);

/** All ids for null. */
const chosen = (ids: readonly string[] | null): string => {
  if (ids === null) return "true";
  if (!ids.every(isParkedId)) throw new Error("not the id of a parked message");
  return `id IN (${ids.map((id) => `'${id}'`).join(", ")})`;
};

async function askAll<S extends z.ZodObject>(
  ask: Ask,
  places: readonly Place[],
  row: S,
  sql: string,
): Promise<(z.output<S> & { mailbox: string })[]> {
  const found: (z.output<S> & { mailbox: string })[] = [];
  for (const place of places)
    for (const read of z.array(row).parse(await ask(place, sql))) found.push({ ...read, mailbox: place.mailbox });
  return found;
}

export const listParked = (ask: Ask, places: readonly Place[], limit: number): Promise<ParkedSummary[]> =>
  askAll(ask, places, Summary, `SELECT ${COLUMNS} FROM dead_letters ORDER BY parked_at_ms, id LIMIT ${Math.trunc(limit)}`);

export const findParked = (ask: Ask, places: readonly Place[], ids: readonly string[]): Promise<ParkedMessage[]> =>
  askAll(ask, places, Whole, `SELECT ${COLUMNS}, dataschema, body FROM dead_letters WHERE ${chosen(ids)}`);

/** The owner's next sweep hands them to its handler. */
export const requestReplay = (
  ask: Ask,
  places: readonly Place[],
  ids: readonly string[] | null,
  nowMs: number,
): Promise<ParkedName[]> =>
  askAll(
    ask,
    places,
    Named,
    `UPDATE dead_letters SET replay_requested_at_ms = ${Math.trunc(nowMs)} WHERE ${chosen(ids)} RETURNING id`,
  );

export const dropParked = (ask: Ask, places: readonly Place[], ids: readonly string[]): Promise<ParkedName[]> =>
  askAll(ask, places, Named, `DELETE FROM dead_letters WHERE ${chosen(ids)} RETURNING id`);
