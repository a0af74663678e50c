/** `npm run simulate`: random sequences of commands against a simple model, over the shipped object. */
import { parseArgs } from "node:util";
import { MUTANTS, tryMutants } from "./inventory-mutants.ts";
import { printFigures, simulate } from "./inventory-simulation.ts";

// The object's sources are stripped of their types by a function of Node's that says, each time, that it is new.
process.removeAllListeners("warning");

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    /** The number of an earlier run's failing sequence. */
    path: { type: "string" },
    /** One of these, or all of them in turn. */
    manner: { type: "string", default: "all" },
    seated: { type: "string", default: "both" },
    /** Show a failing sequence as it is, and do not look for a shorter one. */
    whole: { type: "boolean", default: false },
    /** Break the guards, one after the other, and see that each is noticed. */
    mutants: { type: "boolean", default: false },
    /** With one guard broken, by its number. */
    mutant: { type: "string" },
  },
});
const [runs, steps, seed] = [Number(values.runs), Number(values.steps), Number(values.seed)];
if (![runs, steps, seed].every((value) => Number.isSafeInteger(value) && value >= 0))
  throw new Error("--runs, --steps and --seed are numbers");

if (values.mutants) process.exitCode = (await tryMutants(seed, runs)) === 0 ? 0 : 1;
else {
  const swaps = values.mutant === undefined ? [] : (MUTANTS[Number(values.mutant)]?.swaps ?? []);
  const { path, manner, seated, whole } = values;
  const report = await simulate({ runs, steps, seed, path, manner, seated, shrinks: !whole, swaps });
  printFigures(report);
  process.exitCode = report.failure === null ? 0 : 1;
}
