/** Where all local data lies: one folder for every command, or migrations land beside the data (rule 27). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./configurations.ts";

export const STATE_FOLDER = ".wrangler/state";

/** Notes of the scripts about the data; they lie beside it so that they are forgotten together. */
const noteFile = (name: string): string => join(ROOT, STATE_FOLDER, `${name}.json`);

export function readNote(name: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(noteFile(name), "utf8"));
  } catch {
    return {};
  }
}

export function writeNote(name: string, note: Record<string, string>): void {
  mkdirSync(join(ROOT, STATE_FOLDER), { recursive: true });
  writeFileSync(noteFile(name), JSON.stringify(note, null, 2));
}
