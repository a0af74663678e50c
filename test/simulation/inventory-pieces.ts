/** Pieces of the shipped text that are swapped before it is run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../shared/scripts/configurations.ts";
import type { Alteration } from "../support/altered-worker.ts";

/** A piece of one file, which must stand there exactly once. */
export interface Swap extends Alteration {
  /** From the repository's root. */
  file: string;
}

/** The text with every piece swapped; a piece that is not there once would run something else than it says. */
export function swapPieces(swaps: readonly Swap[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of swaps) {
    const path = join(ROOT, file);
    const text = texts.get(path) ?? readFileSync(path, "utf8");
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`Expected exactly one place for the alteration in ${file}, found ${places}: ${find}`);
    texts.set(
      path,
      text.replace(find, () => replace),
    );
  }
  return texts;
}
