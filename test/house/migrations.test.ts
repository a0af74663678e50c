import { describe, expect, it } from "vitest";
import { readWorkers } from "../../shared/scripts/configurations.ts";
import { readMigrations } from "../support/sources";
import { findLaxTables, findMisnumbered, findTakingAway } from "./migrations";

const file = (path: string, text = "") => ({ path: `migrations/${path}`, text });

describe("migrations", () => {
  it("are numbered without gaps", () => {
    expect(findMisnumbered(readMigrations())).toEqual([]);
    expect(findMisnumbered([file("auth/0001_a.sql"), file("auth/0003_b.sql")])).toEqual(["migrations/auth counts 1, 3"]);
    expect(findMisnumbered([file("auth/0001_a.sql"), file("auth/0001_b.sql")])).toHaveLength(1);
    expect(findMisnumbered([file("auth/silly_panther.sql")])).toHaveLength(1);
  });

  it("make STRICT tables only", () => {
    expect(findLaxTables(readMigrations())).toEqual([]);
    const lax = "CREATE TABLE a (id TEXT CHECK (id <> ')')); CREATE TABLE b (id TEXT) WITHOUT ROWID;";
    const strict = "CREATE TABLE c (id TEXT) STRICT; CREATE TABLE d (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";
    const virtual = "CREATE VIRTUAL TABLE e USING fts5(title); -- CREATE TABLE f (id TEXT);";
    expect(findLaxTables([file("auth/0001_a.sql", lax + strict + virtual)])).toEqual([
      "migrations/auth/0001_a.sql: a is not STRICT",
      "migrations/auth/0001_a.sql: b is not STRICT",
    ]);
  });

  it("take nothing away, but for those that landed before anything was deployed", () => {
    const landed = ["analytics/0004", "auth/0007", "auth/0010", "auth/0013", "payments/0003", "payments/0007", "search/0003"];
    const since = readMigrations().filter(({ path }) => !landed.some((name) => path.startsWith(`migrations/${name}_`)));
    expect(findTakingAway(since)).toEqual([]);
    const sql = "DROP INDEX a; CREATE TABLE dropped (id TEXT) STRICT; -- DROP TABLE b;\n";
    const taking = "drop  table c; ALTER TABLE d DROP COLUMN e; ALTER TABLE f RENAME TO g;";
    expect(findTakingAway([file("auth/0001_a.sql", sql + taking)])).toEqual([
      "migrations/auth/0001_a.sql: DROP TABLE",
      "migrations/auth/0001_a.sql: DROP COLUMN",
      "migrations/auth/0001_a.sql: RENAME",
    ]);
  });

  it("are there for every database, and for nothing else", () => {
    const named = readWorkers().flatMap(({ configuration }) =>
      configuration.d1_databases.map(({ migrations_dir }) => migrations_dir?.replace(/^(\.\.\/)*/, "") ?? ""),
    );
    const found = new Set(readMigrations().map(({ path }) => path.split("/").slice(0, 2).join("/")));
    expect([...found].sort()).toEqual([...new Set(named)].sort());
  });
});
