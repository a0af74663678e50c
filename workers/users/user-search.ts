/**
 * Looking for people, for admins: by the beginning of the folded name or of the address, by role and by status. Each choice of filters
 * has an index in the order of its pages, so that a page reads about as many rows as it shows, however many people there are.
 */
import { z } from "zod";
import { ACCOUNT_STATUSES, ROLES, type User } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import { decodeCursor, encodeCursor, listQuery } from "../../shared/http/list";
import { fold } from "../../shared/text/folding";

export const UserSearchQuery = z.object({
  ...listQuery,
  q: z.string().trim().max(254).optional().meta({ description: "The beginning of a name or of an address", example: "ada" }),
  role: z.enum(ROLES).optional(),
  status: z.enum(ACCOUNT_STATUSES).optional(),
});
export type UserSearchQuery = z.infer<typeof UserSearchQuery>;

/** What one page may look at, so that it reads at most 200 rows. */
const MAX_CANDIDATES = 190;

type Key = "name" | "email";
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
  emailKey: string;
}

const userOf = ({ createdAtMs, updatedAtMs, nameKey: _name, emailKey: _email, ...row }: Row): User => ({
  ...row,
  emailVerified: row.emailVerified === 1,
  mfaEnabled: row.mfaEnabled === 1,
  createdAt: toTimestamp(createdAtMs),
  updatedAt: toTimestamp(updatedAtMs),
});

export const nameKeyOf = (name: string): string => fold(name).trim();

/** After every text that begins so, in the order of bytes in which SQLite compares. */
const endOf = (prefix: string): string => `${prefix}\u{10ffff}`;

const Keyset = z.tuple([z.enum(["name", "email"]), z.string().max(1000), z.string().max(100)]);

/** The next rows by one key, at most `limit`. */
async function candidates(
  db: D1Database,
  key: Key,
  prefix: string,
  { role, status }: UserSearchQuery,
  after: readonly [key: string, id: string],
  limit: number,
): Promise<Row[]> {
  const filters = [...(role ? (["role"] as const) : []), ...(status ? (["status"] as const) : [])];
  const index = ["accounts_by", ...filters, key].join("_");
  const { results } = await db
    .prepare(
      `SELECT id, email, name, role, status, email_verified AS emailVerified, mfa_enabled AS mfaEnabled, created_at_ms AS createdAtMs,
         updated_at_ms AS updatedAtMs, name_key AS nameKey, email_key AS emailKey
       FROM accounts INDEXED BY ${index}
       WHERE ${filters.map((filter) => `${filter} = ? AND `).join("")}(${key}_key, id) > (?, ?) AND ${key}_key < ?
       ORDER BY ${key}_key, id LIMIT ?`,
    )
    .bind(...[role, status].filter((value) => value !== undefined), ...after, endOf(prefix), limit)
    .all<Row>();
  return results;
}

export interface FoundUsers {
  data: User[];
  nextCursor: string | null;
}

/**
 * First those whose name begins so, then those whose address alone does; without words all, by their addresses. Who was found by his
 * name is passed over among the addresses, so that a page there may be shorter than asked for, and its cursor leads on.
 */
export async function searchUsers(db: D1Database, query: UserSearchQuery): Promise<FoundUsers> {
  const address = (query.q ?? "").toLowerCase();
  const words = nameKeyOf(address);
  const wanted = query.limit;
  const cursor = decodeCursor(query.cursor, Keyset);
  const named: Row[] = [];
  if (words !== "" && cursor?.[0] !== "email") {
    const after = cursor ? ([cursor[1], cursor[2]] as const) : ([words, ""] as const);
    named.push(...(await candidates(db, "name", words, query, after, wanted + 1)));
    const last = named[wanted - 1];
    if (named.length > wanted && last)
      return { data: named.slice(0, wanted).map(userOf), nextCursor: encodeCursor(["name", last.nameKey ?? "", last.id]) };
  }
  const most = MAX_CANDIDATES - named.length;
  const after = cursor?.[0] === "email" ? ([cursor[1], cursor[2]] as const) : ([address, ""] as const);
  const rows = await candidates(db, "email", address, query, after, most);
  const others = rows.filter(({ nameKey }) => words === "" || !nameKey?.startsWith(words));
  const shown = others.slice(0, wanted - named.length);
  const isCut = others.length > shown.length;
  const last = isCut ? (shown.at(-1) ?? null) : rows.length === most ? (rows.at(-1) ?? null) : null;
  // Where the names fill the page to its end, the addresses begin on the next one.
  const next = isCut && !last ? ([...after] as const) : last && ([last.emailKey, last.id] as const);
  return { data: [...named, ...shown].map(userOf), nextCursor: next ? encodeCursor(["email", ...next]) : null };
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
