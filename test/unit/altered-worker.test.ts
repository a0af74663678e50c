import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { alter } from "../support/altered-worker";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "altered-"));
  await writeFile(join(folder, "index.js"), "take(a); take(b); guard(a);");
});
afterEach(() => rm(folder, { recursive: true }));

it("swaps the one place, with a replacement taken as it stands", async () => {
  await alter(folder, { find: "guard(a)", replace: "skip('$&')" });
  expect(await readFile(join(folder, "index.js"), "utf8")).toBe("take(a); take(b); skip('$&');");
});

it.each(["gone(a)", "take("])("refuses a control that would not run what it says: %s", async (find) => {
  await expect(alter(folder, { find, replace: "" })).rejects.toThrow("exactly one place");
});
