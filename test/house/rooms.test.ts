import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";

const ROOMS = ["durable-objects", "migrations", "shared", "test", "workers"];
const TEST_ROOMS = ["browser", "house", "integration", "load", "runtime", "simulation", "support", "unit"];
/** Made by tools, ignored by git. */
const MADE = ["node_modules", "dist", "test-artifacts"];

/** A host that packages come from, or a setting that names one. Written apart, so that this file names none. */
const REGISTRY = new RegExp(
  `//(?:[\\w-]+\\.)*${"registry"}\\.|npm\\.pkg\\.|${"npm"}js\\.(?:org|com)|\\b${"registry"}\\s*=\\s*http`,
  "i",
);

const foldersOf = (path: string): string[] =>
  readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !MADE.includes(entry.name))
    .map(({ name }) => name)
    .sort();

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ resolved: z.string().optional(), optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});
const Pinned = z.object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) });
const readJson = <S extends z.ZodType>(schema: S, path: string): z.output<S> =>
  schema.parse(JSON.parse(readFileSync(join(ROOT, path), "utf8")));

describe("the rooms", () => {
  it("are those of the house", () => {
    expect(foldersOf(".")).toEqual(ROOMS);
  });

  it("have no test outside of the kinds of test", () => {
    expect(TEST_ROOMS).toEqual(expect.arrayContaining(foldersOf("test")));
  });

  it("keep secrets out of git", () => {
    expect(readFileSync(join(ROOT, ".gitignore"), "utf8").split("\n")).toContain(".dev.vars");
    if (!existsSync(join(ROOT, ".git"))) return;
    const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n");
    expect(tracked.length).toBeGreaterThan(10);
    expect(tracked.filter((path) => /(^|\/)(\.dev\.vars|\.env)(\.|$)/.test(path))).toEqual([]);
  });

  it("name no package registry, which is the machine's own choice", () => {
    const hosts = Object.values(readJson(Lock, "package-lock.json").packages).flatMap(({ resolved }) => resolved ?? []);
    expect(hosts).toEqual([]);
    if (!existsSync(join(ROOT, ".git"))) return;
    const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
      .trim()
      .split("\n")
      .filter((path) => existsSync(join(ROOT, path)));
    expect(files.filter((path) => REGISTRY.test(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });

  it.each([
    `resolved "https://packages.${"npm"}js.org/zod"`,
    `@acme:${"registry"}=https://packages.acme.example/`,
    `https://${"npm"}.pkg.acme.example/acme`,
    `https://${"registry"}.acme.example/zod`,
  ])("would be caught naming one: %s", (text) => {
    expect(REGISTRY.test(text)).toBe(true);
  });

  it("pin every version", () => {
    const { dependencies, devDependencies } = readJson(Pinned, "package.json");
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it("lock the tools for every system they run on, not only for the one that wrote the lock", () => {
    const { packages } = readJson(Lock, "package-lock.json");
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});
