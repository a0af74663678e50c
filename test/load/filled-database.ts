/** A D1 database's file, written past workerd: through its doors a hundred thousand documents take the better part of an hour. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

interface Bound {
  bind(...values: SQLInputValue[]): Bound;
  run(): void;
}

/** As much of a D1Database as writing takes; `close` ends the one transaction that all of it is. */
export function openToFill(file: string): { db: D1Database; close: () => void } {
  const sqlite = new DatabaseSync(file, { timeout: 10_000 });
  sqlite.exec("BEGIN");
  const prepared = new Map<string, StatementSync>();
  const bound = (statement: StatementSync, values: SQLInputValue[]): Bound => ({
    bind: (...given) => bound(statement, given),
    run: () => void statement.run(...values),
  });
  const prepare = (sql: string): Bound => {
    const statement = prepared.get(sql) ?? sqlite.prepare(sql);
    prepared.set(sql, statement);
    return bound(statement, []);
  };
  const batch = async (statements: Bound[]) => statements.map((statement) => statement.run());
  return {
    db: { prepare, batch } as unknown as D1Database,
    close: () => {
      sqlite.exec("COMMIT");
      sqlite.close();
    },
  };
}
