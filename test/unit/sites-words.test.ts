import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../shared/scripts/configurations";
import { en } from "../../workers/sites/words-en";

it("every word that is kept in each language is said on some page", () => {
  const folder = join(ROOT, "workers/sites");
  const rooms = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.startsWith("words"));
  const text = rooms.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  // By its name behind a dot or a brace, or as a string in a table.
  expect(Object.keys(en).filter((key) => !new RegExp(`\\bwords\\.${key}\\b|"${key}"`).test(text))).toEqual([]);
});
