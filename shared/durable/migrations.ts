/**
 * A Durable Object's schema is an append-only list of steps. A step that has shipped is never edited: objects that ran it keep what it
 * made. The version stands in a table because `PRAGMA user_version` is refused inside an object.
 */

/** The schema's version is the number of steps applied; each step may hold several statements. */
export type SchemaSteps = readonly string[];

const VERSION_TABLE = "schema_version";

/** False for an object that nobody opened. Only reads, so that asking a random id leaves no database behind. */
export function hasSchema(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", VERSION_TABLE).toArray().length > 0;
}

/** Applies the steps that are missing, all or none of them. */
export function migrateSchema(storage: DurableObjectStorage, steps: SchemaSteps): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec(`CREATE TABLE IF NOT EXISTS ${VERSION_TABLE} (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      version INTEGER NOT NULL CHECK (version >= 0)
    ) STRICT`);
    const [row] = sql.exec<{ version: number }>(`SELECT version FROM ${VERSION_TABLE} WHERE id = 1`).toArray();
    const version = row?.version ?? 0;
    if (version >= steps.length) return;
    for (const step of steps.slice(version)) sql.exec(step);
    sql.exec(
      `INSERT INTO ${VERSION_TABLE} (id, version) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
      steps.length,
    );
  });
}
