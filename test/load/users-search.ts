/** How many rows a page of the search of users reads among a million of them, and how long it takes inside the Worker's database. */
import "./worker-sources.ts";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { openToFill } from "./filled-database.ts";

const USERS = 1_000_000;
const LIMIT = 100;
/** So far a reader goes on. */
const MAX_PAGES = 30;
const ROWS_A_BREATH = 5_000;
const CACHE_KIB = 600_000;
const MIGRATIONS = "migrations/users";

const FIRST = "Ada Grace Linus Margaret Ádám Zoë Émile Björn Łukasz İpek Mary Alan Edsger Barbara Donald Frances".split(" ");
const LAST = "Lovelace Hopper Torvalds Hamilton Kovács Müller Åkesson Çelik Turing Dijkstra Liskov Knuth Allen".split(" ");

const WORDS = {
  anything: undefined,
  "a letter": "a",
  "a frequent name": "ada",
  "a name with its accents": "ádám kov",
  "a later word": "lovelace",
  "the letter of a later word": "l",
  "a name and a later word": "ada lov",
  "one person": "ada.lovelace-500000@",
  nobody: "xqzw",
};
const ROLES_ASKED = { anybody: undefined, admins: "admin", organizers: "organizer", users: "user" };
const STATUSES_ASKED = { "of any status": undefined, active: "active", suspended: "suspended" };

/** Every filter with every other one. */
const QUESTIONS: Record<string, Record<string, string>> = Object.fromEntries(
  Object.entries(WORDS).flatMap(([word, q]) =>
    Object.entries(ROLES_ASKED).flatMap(([who, role]) =>
      Object.entries(STATUSES_ASKED).map(([how, status]) => [
        `${word}, ${who}, ${how}`,
        { ...(q ? { q } : {}), ...(role ? { role } : {}), ...(status ? { status } : {}) },
      ]),
    ),
  ),
);

/** By SQL: through the Worker's own verbs a million projections take the better part of an hour. */
async function fill(file: string, count: number): Promise<void> {
  const { nameKeyOf } = await import("../../workers/users/user-search.ts");
  const { db, close } = openToFill(file);
  // Thirteen trees grow together: SQLite's own 2 MB of memory would read and write each of their pages again and again.
  await db.prepare(`PRAGMA cache_size = -${CACHE_KIB}`).run();
  const insert = db.prepare(
    `INSERT INTO accounts (id, email, name, role, status, email_verified, version, created_at_ms, updated_at_ms, name_key)
     VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 0, 0, ?6)`,
  );
  const plain = (name: string) => nameKeyOf(name).replaceAll(" ", ".");
  for (let index = 0; index < count; index++) {
    const name = `${FIRST[index % FIRST.length]} ${LAST[Math.floor(index / FIRST.length) % LAST.length]}`;
    const email = `${plain(name)}-${index}@people.example`;
    const role = index % 10_000 === 0 ? "admin" : index % 50 === 0 ? "organizer" : "user";
    const status = index % 1_000 === 0 ? "suspended" : "active";
    const id = `00000000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;
    await insert.bind(id, email, name, role, status, nameKeyOf(name)).run();
    // The sockets that workerd closes meanwhile want to be noticed.
    if (index % ROWS_A_BREATH === 0) await setImmediate();
  }
  close();
}

export interface UsersSearchFigure {
  what: string;
  /** The most of the first thirty pages. */
  rowsRead: number;
  ms: number;
}

export async function measureUsersSearch(): Promise<UsersSearchFigure[]> {
  const { searchUsers, UserSearchQuery } = await import("../../workers/users/user-search.ts");
  const folder = mkdtempSync(join(tmpdir(), "bilten-users-"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: folder,
      workers: [
        {
          name: "users",
          compatibilityDate: "2026-11-02",
          modules: [{ type: "ESModule", path: "worker.mjs", contents: "export default { fetch: () => new Response() };" }],
          d1Databases: { DB: "users" },
        },
      ],
    }),
  );
  try {
    const db = (await miniflare.getD1Database("DB", "users")) as unknown as D1Database;
    // The file is there once somebody asked.
    await db.prepare("SELECT 1").run();
    const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) => /[0-9a-f]{64}\.sqlite$/.test(name));
    if (!file) throw new Error("the database has no file");
    const migrating = new DatabaseSync(join(folder, file), { timeout: 10_000 });
    for (const name of readdirSync(MIGRATIONS).sort()) migrating.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    migrating.close();
    await fill(join(folder, file), USERS);
    const figures: UsersSearchFigure[] = [];
    for (const [what, asked] of Object.entries(QUESTIONS)) {
      let rowsRead = 0;
      let ms = 0;
      let cursor: string | undefined;
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        let read = 0;
        const counted = {
          prepare: (sql: string) => ({
            bind: (...values: unknown[]) => ({
              all: async () => {
                const result = await db
                  .prepare(sql)
                  .bind(...values)
                  .all();
                read += result.meta.rows_read;
                ms = Math.max(ms, result.meta.duration);
                return result;
              },
            }),
          }),
        };
        const query = UserSearchQuery.parse({ ...asked, limit: LIMIT, ...(cursor ? { cursor } : {}) });
        // What the search uses of a database, no more: another member would fail loudly.
        const { nextCursor } = await searchUsers(counted as unknown as D1Database, query);
        rowsRead = Math.max(rowsRead, read);
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
      figures.push({ what, rowsRead, ms });
    }
    return figures;
  } finally {
    await miniflare.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function printUsersSearch(figures: readonly UsersSearchFigure[]): void {
  console.log(`\nSearch of users among ${USERS}, pages of ${LIMIT} (wanted: at most 200 rows read a page)`);
  for (const { what, rowsRead, ms } of figures)
    console.log(`  ${what.padEnd(52)} rows read ${String(rowsRead).padStart(4)}  ${ms.toFixed(1).padStart(6)} ms`);
  console.log(`  the most: ${Math.max(...figures.map(({ rowsRead }) => rowsRead))} rows`);
}
