/** The Chromium that the machine has: its own package, never one that npm downloads. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"];

/** Null where there is none. */
export const findChromium = (path: string = process.env.PATH ?? ""): string | null =>
  path
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(existsSync) ?? null;
