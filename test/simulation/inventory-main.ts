/** `npm run simulate`: random sequences of commands against a simple model, over the shipped object. */
import { parseArgs } from "node:util";
import { printFigures, simulate } from "./inventory-simulation.ts";

// The object's sources are stripped of their types by a function of Node's that says, each time, that it is new.
process.removeAllListeners("warning");

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    /** Of an earlier run's counterexample. */
    path: { type: "string" },
    /** One of these, or all of them in turn. */
    manner: { type: "string", default: "all" },
    seated: { type: "string", default: "both" },
  },
});
const report = await simulate({
  runs: Number(values.runs),
  steps: Number(values.steps),
  seed: Number(values.seed),
  path: values.path,
  manner: values.manner,
  seated: values.seated,
});
printFigures(report);
process.exitCode = report.failure === null ? 0 : 1;
