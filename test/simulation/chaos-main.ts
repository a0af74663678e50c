/** 500 sales, ten times `kill -9` in the middle of them, and a checker that reads everything afterwards. */
import "../../shared/scripts/extensionless.ts";
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

// Which files wrangler reads its secrets from is of no interest here: it is given others.
process.env.WRANGLER_LOG ??= "error";
const { ROOT } = await import("../../shared/scripts/configurations.ts");
const { buildAll } = await import("../support/built-house.ts");
const { check } = await import("./checker.ts");
const { runChaos } = await import("./chaos-run.ts");
const { readSnapshot } = await import("./snapshot.ts");
const { printFigures, printViolations } = await import("./report.ts");

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    sales: { type: "string", default: "500" },
    kills: { type: "string", default: "10" },
    /** A folder that an earlier run has kept: read once more, and nothing sold. */
    check: { type: "string" },
  },
});
const options = { seed: Number(values.seed), sales: Number(values.sales), kills: Number(values.kills) };
if (!Object.values(options).every((value) => Number.isSafeInteger(value) && value >= 0))
  throw new Error("--seed, --sales and --kills are numbers");

if (values.check !== undefined) {
  const violations = check(readSnapshot(values.check));
  printViolations(violations);
  process.exit(violations.length === 0 ? 0 : 1);
}

const folder = join(ROOT, ".wrangler/chaos");
const data = join(folder, `data-${options.seed}`);
console.log(
  `Seed ${options.seed}: ${options.sales} sales, ${options.kills} kills. Again: npm run chaos -- --seed ${options.seed} --sales ${options.sales} --kills ${options.kills}`,
);
console.log("Building the Workers as for deployment …");
const built = await buildAll(join(folder, "built"));
await rm(data, { recursive: true, force: true });
try {
  const { snapshot, figures } = await runChaos(built, data, options);
  const violations = check(snapshot);
  printFigures(snapshot, figures);
  printViolations(violations);
  if (violations.length === 0) await rm(data, { recursive: true, force: true });
  else process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
if (process.exitCode) console.log(`The data stays in ${relative(process.cwd(), data)}`);
