/** The databases of a house that is stopped, by the tables that stand in them: every D1 shard, every event's object. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A table that only this kind of database has. */
const MARKS = {
  payments: "ledger_entries",
  notifications: "captured_messages",
  analytics: "counted_orders",
  inventory: "ticket_type_pools",
} as const;
export type Kind = keyof typeof MARKS | "other";

export interface DataFile {
  path: string;
  kind: Kind;
  tables: string[];
}

export function tablesOf(db: DatabaseSync): string[] {
  const rows = db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
    )
    .all();
  return rows.map(({ name }) => String(name));
}

export function withDatabase<T>(path: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

export function dataFiles(folder: string): DataFile[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sqlite"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return paths.map((path) => {
    const tables = withDatabase(path, tablesOf);
    const kinds = Object.keys(MARKS) as (keyof typeof MARKS)[];
    return { path, tables, kind: kinds.find((kind) => tables.includes(MARKS[kind])) ?? "other" };
  });
}

/** What waits for a moment of its own: the column that says for which, and what is counted as a sweep's work, if any is. */
const WAITING = [
  ["orders", "next_try_at_ms", "state = 'pending' AND total_minor = 0"],
  ["payments", "next_try_at_ms", "state IN ('initiated', 'requires_action', 'processing')"],
  ["provider_events", "next_try_at_ms", "processed_at_ms IS NULL"],
  ["refunds", "next_try_at_ms", "state <> 'succeeded'"],
  ["event_refunds", "next_try_at_ms", null],
  ["deliveries", "due_at_ms", null],
  ["test_deliveries", "next_try_at_ms", "delivered_at_ms IS NULL"],
  ["answers", "lease_until_ms", null],
  ["kept_answers", "lease_until_ms", null],
] as const;

/** As if the house had been down for so long that nobody believes in the requests that were cut off. */
export function endLeases(folder: string, nowMs: number): void {
  for (const { path, tables } of dataFiles(folder))
    for (const table of ["answers", "kept_answers"].filter((name) => tables.includes(name)))
      withDatabase(path, (db) => db.prepare(`UPDATE ${table} SET lease_until_ms = ? WHERE lease_until_ms > ?`).run(nowMs, nowMs));
}

/** As if the house had been down until all of it was due. Answers how many rows the first sweep has before it. */
export function makeAllDue(folder: string, nowMs: number): number {
  let work = 0;
  for (const { path, tables } of dataFiles(folder)) {
    withDatabase(path, (db) => {
      for (const [table, column, isWork] of WAITING) {
        if (!tables.includes(table) || !hasColumn(db, table, column)) continue;
        db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} > ?`).run(nowMs, nowMs);
        if (isWork !== null && hasColumn(db, table, isWork.split(" ")[0] ?? ""))
          work += Number(db.prepare(`SELECT count(*) AS rows FROM ${table} WHERE ${isWork}`).get()?.rows);
      }
    });
  }
  return work;
}

const hasColumn = (db: DatabaseSync, table: string, column: string): boolean =>
  db
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .some(({ name }) => name === column);
