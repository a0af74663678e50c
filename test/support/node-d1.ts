/**
 * D1 over Node's own SQLite, for tests that run thousands of sales: the same statements, constraints and errors, and a batch that is one
 * transaction. `test/support/d1-cases.ts` holds it to what the real one does.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** Waited for before each call of the database, so that a test decides who comes next. */
export type Gate = () => Promise<void> | undefined;

const WRITES = /^\s*(insert|update|delete|replace)\b/i;

/** As workerd words a refusal of SQLite's: `D1_ERROR: UNIQUE constraint failed: outbox.id: SQLITE_CONSTRAINT`. */
function asD1Error(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  // The low byte of an extended code names its kind; 19 is SQLITE_CONSTRAINT.
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 1;
  return new Error(`D1_ERROR: ${message}: ${code === 19 ? "SQLITE_CONSTRAINT" : "SQLITE_ERROR"}`, { cause: error });
}

class Database {
  readonly sqlite: DatabaseSync;
  readonly gate: Gate;
  readonly #statements = new Map<string, StatementSync>();
  readonly #changes: StatementSync;

  constructor(schema: string, gate: Gate) {
    this.sqlite = new DatabaseSync(":memory:");
    this.sqlite.exec(schema);
    this.#changes = this.sqlite.prepare("SELECT changes() AS n");
    this.gate = gate;
  }

  run(sql: string, values: readonly SQLInputValue[]): D1Result {
    const statement = this.#statements.get(sql) ?? this.sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    // Rows have no prototype in Node.
    const results = statement.all(...values).map((row) => ({ ...row }));
    const changes = WRITES.test(sql) ? Number(this.#changes.get()?.n) : 0;
    const meta = { changes, changed_db: changes > 0, duration: 0, last_row_id: 0, rows_read: 0, rows_written: 0, size_after: 0 };
    return { success: true, results, meta };
  }

  /** All of it or nothing, also inside the transaction that a test takes back. */
  atOnce<T>(work: () => T): T {
    this.sqlite.exec("SAVEPOINT batch");
    try {
      const done = work();
      this.sqlite.exec("RELEASE batch");
      return done;
    } catch (error) {
      this.sqlite.exec("ROLLBACK TO batch; RELEASE batch");
      throw error;
    }
  }
}

class Statement {
  readonly database: Database;
  readonly sql: string;
  readonly values: readonly SQLInputValue[];

  constructor(database: Database, sql: string, values: readonly SQLInputValue[] = []) {
    this.database = database;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): Statement {
    const bound = values.map((value): SQLInputValue => {
      if (value === undefined) throw new Error("D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'");
      return typeof value === "boolean" ? Number(value) : (value as SQLInputValue);
    });
    return new Statement(this.database, this.sql, bound);
  }

  async all(): Promise<D1Result> {
    await this.database.gate();
    try {
      return this.database.run(this.sql, this.values);
    } catch (error) {
      throw asD1Error(error);
    }
  }

  run(): Promise<D1Result> {
    return this.all();
  }

  async first(column?: string): Promise<unknown> {
    const [row] = (await this.all()).results as Record<string, unknown>[];
    return row === undefined ? null : column === undefined ? row : row[column];
  }

  async raw(): Promise<unknown[][]> {
    return ((await this.all()).results as object[]).map((row) => Object.values(row));
  }
}

export interface NodeD1 {
  db: D1Database;
  sqlite: DatabaseSync;
}

/** Back to how the database was at the last call: a schema that stands and statements that are prepared are most of a short test. */
export function takeBack(sqlite: DatabaseSync): void {
  if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
  sqlite.exec("BEGIN");
}

export function openNodeD1(schema: string, gate: Gate = () => undefined): NodeD1 {
  const database = new Database(schema, gate);
  const db = {
    prepare: (sql: string) => new Statement(database, sql),
    batch: async (statements: Statement[]) => {
      await gate();
      try {
        return database.atOnce(() => statements.map(({ sql, values }) => database.run(sql, values)));
      } catch (error) {
        throw asD1Error(error);
      }
    },
  };
  // What Workers use of a D1Database, no more: another member would fail loudly.
  return { db: db as unknown as D1Database, sqlite: database.sqlite };
}

/** Migrations end in one schema, which is faster to make again than to migrate to. */
export function schemaAfter(migrations: readonly string[]): string {
  const sqlite = new DatabaseSync(":memory:");
  for (const migration of migrations) sqlite.exec(migration);
  const rows = sqlite.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").all();
  sqlite.close();
  return rows.map(({ sql }) => `${sql};`).join("\n");
}
