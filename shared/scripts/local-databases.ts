/**
 * The local databases as files. Asking wrangler takes a second each and starts a workerd on them, which a running one may refuse to
 * share; SQLite itself does share them, for as long as one statement takes.
 */
import { createHash, createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ROOT } from "./configurations.ts";

const NAMESPACE = "miniflare-D1DatabaseObject";
/** How long a writer is waited for. */
const BUSY_TIMEOUT_MS = 5_000;

/** An object's id by its name, as workerd derives it: miniflare keeps each D1 database in an object called by the database's id. */
function objectIdOf(name: string): string {
  const key = createHash("sha256").update(NAMESPACE).digest();
  const half = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const named = half(name);
  return Buffer.concat([named, half(named)]).toString("hex");
}

/** Below the folder in which miniflare keeps its databases. */
export const fileOfDatabase = (folder: string, databaseId: string): string =>
  join(folder, NAMESPACE, `${objectIdOf(databaseId)}.sqlite`);

/** Runs one statement. */
export function askLocalDatabase(state: string, databaseId: string, sql: string): unknown[] {
  const file = fileOfDatabase(resolve(ROOT, state, "v3/d1"), databaseId);
  if (!existsSync(file)) throw new Error(`There is no local data of ${databaseId} yet: npm start makes it.`);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}
