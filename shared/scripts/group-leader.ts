/**
 * Leads a process group in place of whoever started it. When that one is gone without a word (kill -9), nobody is left to end the
 * group, and a workerd would keep the port; so the leader looks, and ends the group itself. `group-leader.ts <script> <args…>`.
 */
import { spawn } from "node:child_process";

const LOOK_EVERY_MS = 500;
const GRACE_MS = 5_000;

const starter = process.ppid;
const child = spawn(process.execPath, process.argv.slice(2), { stdio: "inherit" });
child.on("exit", (code) => process.exit(code ?? 1));

// A signal to the group reaches the tool as well; the leader stays until the tool has ended.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const watch = setInterval(() => {
  if (process.ppid === starter) return;
  clearInterval(watch);
  process.kill(-process.pid, "SIGTERM");
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), GRACE_MS);
}, LOOK_EVERY_MS);
