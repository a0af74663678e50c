/** Applies what is new of migrations/ to the local databases. Wrangler keeps the record; a note spares asking it when no file changed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readWorkers } from "./configurations.ts";
import { runTool } from "./processes.ts";
import { readNote, STATE_FOLDER, writeNote } from "./state.ts";

const NOTE = "applied-migrations";

interface Database {
  name: string;
  configPath: string;
  /** Hash of all its migration files, null where there are none yet. */
  fingerprint: string | null;
}

function fingerprintOf(folder: string): string | null {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sql")) : [];
  if (files.length === 0) return null;
  const hash = createHash("sha256");
  for (const name of files.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

const readDatabases = (): Database[] =>
  readWorkers().flatMap(({ configFolder, configPath, configuration }) =>
    configuration.d1_databases
      .filter((database) => database.migrations_dir !== undefined)
      .map((database) => ({
        name: database.database_name,
        configPath,
        fingerprint: fingerprintOf(join(ROOT, configFolder, database.migrations_dir ?? "")),
      })),
  );

export async function applyMigrations(): Promise<void> {
  // Without the data the note is about nothing, whoever removed it.
  const applied = existsSync(join(ROOT, STATE_FOLDER, "v3/d1")) ? readNote(NOTE) : {};
  const stale = readDatabases().filter(({ name, fingerprint }) => fingerprint !== null && applied[name] !== fingerprint);
  // One after the other: two at once find the shared state locked.
  for (const { name, configPath, fingerprint } of stale) {
    const command = ["d1", "migrations", "apply", name, "--local", "-c", configPath, "--persist-to", STATE_FOLDER];
    const { code, output } = await runTool("wrangler", command);
    if (code !== 0) throw new Error(`The migrations of ${name} were not applied:\n${output}`);
    applied[name] = fingerprint ?? "";
    writeNote(NOTE, applied);
  }
}
