/**
 * Looking for people, for admins: by the beginning of the folded name, of a later word of it or of the address, by role and by status.
 * Each choice of filters has an index in the order of its pages, so that a page reads about as many rows as it shows, however many
 * people there are.
 */
import { z } from "zod";
import { ACCOUNT_STATUSES, ROLES, type User } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import { decodeCursor, encodeCursor, listQuery } from "../../shared/http/list";
import { Problem } from "../../shared/http/problem";
import { fold } from "../../shared/text/folding";

export const UserSearchQuery = z.object({
  ...listQuery,
  q: z
    .string()
    .trim()
    .max(254)
    .optional()
    .meta({ description: "The beginning of a name, of a later word of it on, or of an address", example: "ada" }),
  role: z.enum(ROLES).optional(),
  status: z.enum(ACCOUNT_STATUSES).optional(),
});
export type UserSearchQuery = z.infer<typeof UserSearchQuery>;

/** What one page may look at, so that it reads at most 200 rows. */
const MAX_ROWS_READ = 190;

/** In the order of the pages. */
const PHASES = ["name", "tail", "email"] as const;
type Phase = (typeof PHASES)[number];
/** A tail leads to its account, which costs a row more. */
const ROWS_READ: Record<Phase, number> = { name: 1, tail: 2, email: 1 };

/** After every key that was shown. */
type Place = readonly [key: string, id: string];
interface Row {
  id: string;
  email: string;
  name: string;
  role: User["role"];
  status: User["status"];
  emailVerified: number;
  mfaEnabled: number;
  createdAtMs: number;
  updatedAtMs: number;
  nameKey: string | null;
  /** By which the phase has found it. */
  key: string;
}

const userOf = ({ createdAtMs, updatedAtMs, nameKey: _name, key: _key, ...row }: Row): User => ({
  ...row,
  emailVerified: row.emailVerified === 1,
  mfaEnabled: row.mfaEnabled === 1,
  createdAt: toTimestamp(createdAtMs),
  updatedAt: toTimestamp(updatedAtMs),
});

export const nameKeyOf = (name: string): string => fold(name).trim();

/** The words of a name that count, as the migration that keeps `name_tails` says. */
const WORDS = 8;

/** Each way a folded name reads on from a word of it, as `name_tails` has them, and the name itself. */
function readingsOf(nameKey: string): string[] {
  let at = 0;
  return nameKey.split(/[ -]/, WORDS).flatMap((word, number) => {
    const reading = nameKey.slice(at);
    at += word.length + 1;
    return number === 0 || word !== "" ? [reading] : [];
  });
}

/** After every text that begins so, in the order of bytes in which SQLite compares. */
const endOf = (prefix: string): string => `${prefix}\u{10ffff}`;

const Keyset = z.tuple([z.enum(PHASES), z.string().max(1000), z.string().max(100)]);

/** The next rows by one key, at most `limit`. */
async function candidates(
  db: D1Database,
  phase: Phase,
  prefix: string,
  { role, status }: UserSearchQuery,
  after: Place,
  limit: number,
): Promise<Row[]> {
  const filters = [...(role ? (["role"] as const) : []), ...(status ? (["status"] as const) : [])];
  const by = ["by", ...filters, phase].join("_");
  const { from, key, id } =
    phase === "tail"
      ? {
          from: `name_tails k INDEXED BY name_tails_${by} CROSS JOIN accounts a ON a.id = k.account_id`,
          key: "tail",
          id: "account_id",
        }
      : { from: `accounts k INDEXED BY accounts_${by}`, key: `${phase}_key`, id: "id" };
  const a = phase === "tail" ? "a" : "k";
  const { results } = await db
    .prepare(
      `SELECT ${a}.id, ${a}.email, ${a}.name, ${a}.role, ${a}.status, ${a}.email_verified AS emailVerified, ${a}.mfa_enabled AS mfaEnabled,
         ${a}.created_at_ms AS createdAtMs, ${a}.updated_at_ms AS updatedAtMs, ${a}.name_key AS nameKey, k.${key} AS key
       FROM ${from}
       WHERE ${filters.map((filter) => `k.${filter} = ? AND `).join("")}(k.${key}, k.${id}) > (?, ?) AND k.${key} < ?
       ORDER BY k.${key}, k.${id} LIMIT ?`,
    )
    .bind(...[role, status].filter((value) => value !== undefined), ...after, endOf(prefix), limit)
    .all<Row>();
  return results;
}

/** Whether this phase is the first that finds the row: by its tail only where neither its name nor an earlier word begins so. */
function isNew(phase: Phase, { nameKey, key }: Row, words: string): boolean {
  if (phase === "name" || words === "") return true;
  const first = readingsOf(nameKey ?? "").find((reading) => reading.startsWith(words));
  return phase === "tail" ? first === key : first === undefined;
}

export interface FoundUsers {
  data: User[];
  nextCursor: string | null;
}

/**
 * First those whose name begins so, then those of whose name a later word does, then those whose address alone does; without words all,
 * by their addresses. Who was found before is passed over, so that a page may be shorter than asked for, and its cursor leads on.
 */
export async function searchUsers(db: D1Database, query: UserSearchQuery): Promise<FoundUsers> {
  const address = (query.q ?? "").toLowerCase();
  const words = nameKeyOf(address);
  const prefixOf = (phase: Phase): string => (phase === "email" ? address : words);
  const cursor = decodeCursor(query.cursor, Keyset);
  const phases = words === "" ? (["email"] as const) : PHASES;
  const begin = cursor?.[0] ?? phases[0];
  if (cursor && !(phases.some((phase) => phase === begin) && cursor[1].startsWith(prefixOf(begin))))
    throw new Problem("invalid_cursor");

  const found: Row[] = [];
  const upTo = (phase: Phase, place: Place): FoundUsers => ({
    data: found.map(userOf),
    nextCursor: encodeCursor([phase, ...place]),
  });
  let left = MAX_ROWS_READ;
  for (const phase of PHASES.slice(PHASES.indexOf(begin))) {
    let place: Place = cursor?.[0] === phase ? [cursor[1], cursor[2]] : [prefixOf(phase), ""];
    const room = Math.floor(left / ROWS_READ[phase]);
    const limit = phase === "name" || words === "" ? Math.min(room, query.limit - found.length + 1) : room;
    if (limit === 0) return upTo(phase, place);
    const rows = await candidates(db, phase, prefixOf(phase), query, place, limit);
    left -= rows.length * ROWS_READ[phase];
    for (const row of rows) {
      const shown = isNew(phase, row, words);
      if (shown && found.length === query.limit) return upTo(phase, place);
      if (shown) found.push(row);
      place = [row.key, row.id];
    }
    if (rows.length === limit) return upTo(phase, place);
  }
  return { data: found.map(userOf), nextCursor: null };
}

const FOLD_LIMIT = 500;
/** Gives names their keys that were projected by a version that kept none; how many there were. */
export async function foldNames(db: D1Database): Promise<number> {
  const { results } = await db
    .prepare("SELECT id, name FROM accounts WHERE name_key IS NULL LIMIT ?")
    .bind(FOLD_LIMIT)
    .all<{ id: string; name: string }>();
  if (results.length === 0) return 0;
  const keys = results.map(({ id, name }) => ({ id, name, key: nameKeyOf(name) }));
  const { meta } = await db
    .prepare(
      `UPDATE accounts SET name_key = folded.value ->> 'key' FROM json_each(?) AS folded
       WHERE accounts.id = folded.value ->> 'id' AND accounts.name = folded.value ->> 'name'`,
    )
    .bind(JSON.stringify(keys))
    .run();
  return meta.changes;
}
