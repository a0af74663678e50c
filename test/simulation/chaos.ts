/** `npm run chaos`: the simulation in a process group of its own, so that no workerd outlives it, however it ends. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { endGroup } from "../../shared/scripts/processes.ts";

const scripts = ["shared/scripts/group-leader.ts", "test/simulation/chaos-main.ts"].map((script) => join(ROOT, script));
const child = spawn(process.execPath, [...scripts, ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit", detached: true });
const stop = () => void endGroup(child).then(() => process.exit(1));
process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);

process.exitCode = await new Promise<number>((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
await endGroup(child);
