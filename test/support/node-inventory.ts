/**
 * The shipped `TicketInventory` over Node's own SQLite: its storage with savepoints nested as `transactionSync` nests them. The test
 * that imports this puts `nodeWorkers` in the place of `cloudflare:workers`.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** What the class extends, and no more of the platform. */
export const nodeWorkers = {
  DurableObject: class {
    readonly ctx: unknown;
    readonly env: unknown;
    constructor(ctx: unknown, env: unknown) {
      this.ctx = ctx;
      this.env = env;
    }
  },
};

const WRITES = /^\s*(insert|update|delete|replace)\b/i;

export interface NodeStorage {
  state: DurableObjectState;
  sql: SqlStorage;
  sqlite: DatabaseSync;
  /** When the object wants to be woken, null for never. */
  alarmAtMs(): number | null;
}

export function openNodeStorage(): NodeStorage {
  const sqlite = new DatabaseSync(":memory:");
  const changes = sqlite.prepare("SELECT changes() AS n");
  const statements = new Map<string, StatementSync>();
  let depth = 0;
  let alarmAtMs: number | null = null;

  const exec = (query: string, ...values: SQLInputValue[]) => {
    // Several statements come without values, from migrations.
    if (values.length === 0 && /;\s*\S/.test(query)) {
      sqlite.exec(query);
      return cursorOf([], 0);
    }
    const statement = statements.get(query) ?? sqlite.prepare(query);
    // A migration may change what a kept one would read.
    if (!/^\s*(create|alter|drop)\b/i.test(query)) statements.set(query, statement);
    const rows = statement.all(...values).map((row) => ({ ...row }));
    return cursorOf(rows, WRITES.test(query) ? Number(changes.get()?.n) : 0);
  };

  const transactionSync = <T>(work: () => T): T => {
    depth += 1;
    const name = `nested_${depth}`;
    sqlite.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      sqlite.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      sqlite.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      depth -= 1;
    }
  };

  const sql = { exec } as unknown as SqlStorage;
  const storage = {
    sql,
    transactionSync,
    sync: async () => undefined,
    getAlarm: async () => alarmAtMs,
    setAlarm: async (atMs: number) => {
      alarmAtMs = atMs;
    },
    deleteAlarm: async () => {
      alarmAtMs = null;
    },
  };
  const state = {
    storage,
    waitUntil: () => undefined,
    blockConcurrencyWhile: (work: () => Promise<unknown>) => work(),
    abort: (reason: string) => {
      throw new Error(`the object was aborted: ${reason}`);
    },
  };
  // What the class uses of its state, no more: another member would fail loudly.
  return { state: state as unknown as DurableObjectState, sql, sqlite, alarmAtMs: () => alarmAtMs };
}

function cursorOf(rows: object[], rowsWritten: number) {
  return {
    rowsWritten,
    toArray: () => rows,
    one: () => {
      const [only] = rows;
      if (only === undefined || rows.length > 1) throw new Error(`expected exactly one row, found ${rows.length}`);
      return only;
    },
    [Symbol.iterator]: () => rows[Symbol.iterator](),
  };
}
