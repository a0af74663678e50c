/** The short form of `npm run simulate`; each part in a process of its own, as the script runs it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { MUTANTS } from "./inventory-mutants.ts";
import { swapPieces } from "./inventory-pieces.ts";

const SEED = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31));

async function simulate(...options: string[]): Promise<{ code: number | null; output: string }> {
  const script = join(ROOT, "test/simulation/inventory-main.ts");
  const child = spawn(process.execPath, ["--js-base-64", script, "--seed", String(SEED), ...options], { cwd: ROOT });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

test.each([
  ["one after the other", 2_000, ["--manner", "plain"]],
  ["over an object that is evicted between them", 150, ["--manner", "evicted"]],
  ["together, while some of them throw", 150, ["--manner", "batched"]],
  ["over an object that ends its holds late", 150, ["--manner", "lagging"]],
])(
  `commands %s are answered as a person with a pencil would (SIMULATION_SEED=${SEED})`,
  { timeout: 600_000 },
  async (_, runs, options) => {
    const { code, output } = await simulate("--runs", String(runs), ...options);
    expect(code, output).toBe(0);
    expect(output).toContain(`${runs} sequences, `);
  },
);

test("every way to break a guard still finds its place in the object", () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(10);
  for (const { swaps } of MUTANTS) expect(swapPieces(swaps).size).toBeGreaterThan(0);
});
