/** The repository's own files as text, for the tests that hold the house to its rules. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../shared/scripts/configurations.ts";

export interface Source {
  /** Relative to the root, with forward slashes. */
  path: string;
  text: string;
}

const SOURCE_FOLDERS = ["workers", "durable-objects", "shared", "test"];

const walk = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(path) : [path];
  });

const read = (path: string): Source => ({ path, text: readFileSync(join(ROOT, path), "utf8") });

/** Hand-written TypeScript and JavaScript; what `npm run types` makes is left out. */
export const readSources = (): Source[] =>
  SOURCE_FOLDERS.flatMap(walk)
    .filter((path) => /\.m?[jt]sx?$/.test(path) && !/^workers\/[^/]+\/env\.d\.ts$/.test(path))
    .map(read);

export const readMigrations = (): Source[] =>
  walk("migrations")
    .filter((path) => path.endsWith(".sql"))
    .map(read);
