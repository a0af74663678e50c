/** SQL migrations are the truth about tables; each Worker's drizzle schema is a typed view of them, and this compares the two. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { ROOT, readWorkers } from "../../shared/scripts/configurations";

interface ColumnInfo {
  name: string;
  type: string;
  notnull: number;
  pk: number;
}

function migrated(domain: string): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const folder = join(ROOT, "migrations", domain);
  for (const file of readdirSync(folder).sort()) database.exec(readFileSync(join(folder, file), "utf8"));
  return database;
}

const columnsOf = (database: DatabaseSync, table: string): ColumnInfo[] =>
  // A pragma's rows have these members by SQLite's own documentation.
  database.prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?)').all(table) as unknown as ColumnInfo[];

/** What a typed view must say of a column to be right. A primary key is never null, whether it says so or not. */
const described = ({ name, type, notnull, pk }: ColumnInfo) => ({
  name,
  type: type.toLowerCase(),
  notNull: notnull === 1 || pk > 0,
});

describe("each typed view shows the table as the migrations make it", () => {
  for (const { domain, folder } of readWorkers()) {
    const file = join(ROOT, folder, "schema.ts");
    if (!existsSync(file)) continue;
    test(domain, async () => {
      const database = migrated(domain);
      const exported: Record<string, unknown> = await import(file);
      const tables = Object.values(exported).filter((value) => is(value, SQLiteTable));
      expect(tables.length).toBeGreaterThan(0);
      for (const table of tables) {
        const { name, columns } = getTableConfig(table);
        const viewed = columns.map((column) => ({
          name: column.name,
          type: column.getSQLType(),
          notNull: column.notNull || column.primary,
        }));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        expect(viewed.sort(byName), `${domain}.${name}`).toEqual(columnsOf(database, name).map(described).sort(byName));
      }
    });
  }
});
