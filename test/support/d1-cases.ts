/** What the tests that run on `node-d1` rely on, asked of it and of the real D1 alike. */
import { expect } from "vitest";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";

/** Fresh for each case. */
export const D1_CASES_SCHEMA = `
  CREATE TABLE things (id TEXT PRIMARY KEY, n INTEGER NOT NULL CONSTRAINT n_is_small CHECK (n < 100), note TEXT) STRICT;
  CREATE TABLE guard (ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)) STRICT;
  CREATE TRIGGER things_stay BEFORE DELETE ON things BEGIN SELECT RAISE(ABORT, 'things_stay'); END;`;

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("nothing was refused");
}

const insert = (db: D1Database, id: string, n: number, note: string | null = null) =>
  db.prepare("INSERT INTO things (id, n, note) VALUES (?, ?, ?)").bind(id, n, note);
const all = async (db: D1Database) => (await db.prepare("SELECT id, n FROM things ORDER BY id").all()).results;

export const D1_CASES: Record<string, (db: D1Database) => Promise<void>> = {
  "binds by position and by number, text, integers and null": async (db) => {
    await insert(db, "a", 1).run();
    const statement = db
      .prepare("SELECT ?2 AS second, ?1 AS first, ?1 + n AS sum, note FROM things WHERE id = ?3")
      .bind(2, "x", "a");
    expect(await statement.first()).toEqual({ second: "x", first: 2, sum: 3, note: null });
    expect(await statement.first("sum")).toBe(3);
    expect((await statement.raw())[0]).toEqual(["x", 2, 3, null]);
    expect(await db.prepare("SELECT id FROM things WHERE id = ?").bind("b").first()).toBeNull();
  },
  "counts the rows that a statement changed": async (db) => {
    await db.batch([insert(db, "a", 1), insert(db, "b", 2)]);
    const changed = async (sql: string) => (await db.prepare(sql).run()).meta.changes;
    expect(await changed("UPDATE things SET n = n + 1")).toBe(2);
    expect(await changed("UPDATE things SET n = 5 WHERE id = 'c'")).toBe(0);
    expect(await changed("INSERT INTO things (id, n) VALUES ('a', 1) ON CONFLICT DO NOTHING")).toBe(0);
    const returning = await db.prepare("UPDATE things SET n = 9 WHERE id = 'a' RETURNING id, n").all();
    expect([returning.meta.changes, returning.results]).toEqual([1, [{ id: "a", n: 9 }]]);
  },
  "takes a batch as one transaction": async (db) => {
    const twice = db.batch([insert(db, "a", 1), insert(db, "b", 2), insert(db, "a", 3)]);
    expect(await failureOf(twice)).toContain("D1_ERROR: UNIQUE constraint failed: things.id: SQLITE_CONSTRAINT");
    expect(await all(db)).toEqual([]);
    const [, selected] = await db.batch([insert(db, "a", 1), db.prepare("SELECT n FROM things")]);
    expect(selected?.results).toEqual([{ n: 1 }]);
  },
  "names a constraint so that it is known again": async (db) => {
    const large = await insert(db, "a", 100)
      .run()
      .catch((error: unknown) => error);
    expect(isConstraint(large, "n_is_small")).toBe(true);
    expect(isConstraint(large, "things.id")).toBe(false);
    await insert(db, "a", 1).run();
    expect(await failureOf(db.prepare("DELETE FROM things").run())).toContain("things_stay");
    expect(await all(db)).toEqual([{ id: "a", n: 1 }]);
  },
  "stops a guarded batch whose first statement moved nothing": async (db) => {
    await insert(db, "a", 1).run();
    const move = (from: number) =>
      guardedBatch(db, db.prepare("UPDATE things SET n = 2 WHERE id = 'a' AND n = ?").bind(from), [
        insert(db, `from ${from}`, 7),
      ]);
    expect(await move(5)).toEqual({ ok: false, error: { code: "state_moved" } });
    expect(await all(db)).toEqual([{ id: "a", n: 1 }]);
    expect((await move(1)).ok).toBe(true);
    expect(await all(db)).toEqual([
      { id: "a", n: 2 },
      { id: "from 1", n: 7 },
    ]);
    expect(await db.prepare("SELECT count(*) AS n FROM guard").first("n")).toBe(0);
  },
  "refuses what it cannot bind": async (db) => {
    const bind = async () => db.prepare("SELECT ?").bind(undefined).first();
    expect(await failureOf(bind())).toContain("D1_TYPE_ERROR");
  },
};

/** The same of an object's storage. */
export const STORAGE_CASES: Record<string, (storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) => void> = {
  "nests transactions, of which an inner one is taken back alone": ({ sql, transactionSync }) => {
    sql.exec(
      "CREATE TABLE marks (id TEXT PRIMARY KEY, CONSTRAINT short CHECK (length(id) < 5)); CREATE INDEX marks_by_id ON marks (id)",
    );
    const ids = () => sql.exec<{ id: string }>("SELECT id FROM marks ORDER BY id").toArray();
    transactionSync(() => {
      sql.exec("INSERT INTO marks (id) VALUES (?)", "a");
      expect(() =>
        transactionSync(() => {
          sql.exec("INSERT INTO marks (id) VALUES (?)", "b");
          throw new Error("refused");
        }),
      ).toThrow("refused");
      transactionSync(() => void sql.exec("INSERT INTO marks (id) VALUES (?)", "c"));
    });
    expect(ids().map(({ id }) => id)).toEqual(["a", "c"]);
    expect(() =>
      transactionSync(() => {
        transactionSync(() => void sql.exec("INSERT INTO marks (id) VALUES (?)", "d"));
        throw new Error("all of it");
      }),
    ).toThrow("all of it");
    expect(ids()).toHaveLength(2);
    expect(() => sql.exec("INSERT INTO marks (id) VALUES (?)", "too long")).toThrow("CHECK constraint failed: short");
    expect(sql.exec("INSERT INTO marks (id) VALUES ('a') ON CONFLICT DO NOTHING").rowsWritten).toBe(0);
    expect(sql.exec("INSERT INTO marks (id) VALUES ('e')").rowsWritten).toBeGreaterThan(0);
    expect(sql.exec<{ n: number }>("SELECT count(*) AS n FROM marks").one()).toEqual({ n: 3 });
    expect(() => sql.exec("SELECT id FROM marks").one()).toThrow();
  },
};
