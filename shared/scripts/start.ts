/** `npm start`: the whole house on this machine, on one port, until Ctrl-C. */
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { gatewayFirst, readWorkers } from "./configurations.ts";
import { DEFAULT_PORT } from "./development.ts";
import { makeKeys } from "./keys.ts";
import { applyMigrations } from "./migrations.ts";
import { endGroup, startGroup } from "./processes.ts";
import { DEMO_PASSWORD, DEMO_PEOPLE, DEMO_SLUG, seed } from "./seed.ts";
import { STATE_FOLDER } from "./state.ts";

const HOST = "127.0.0.1";
const PORT = Number(process.env.PORT ?? DEFAULT_PORT);
const UP_WITHIN_MS = 120_000;
/** `wrangler dev` fires no cron (rule 23), and mails shall not wait for a minute's. */
const SWEEP_EVERY_MS = 5_000;
/** A sweep of a busy house takes its time … */
const SWEEP_WITHIN_MS = 60_000;
/** … and one that refuses the connection this often in a row is no more. */
const DEAD_AFTER_UNANSWERED = 4;
const SWEEP_PATH = "/cdn-cgi/local/scheduled";
const origin = `http://${HOST}:${PORT}`;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Somebody else's server on the port would answer `/health` for ours. */
function demandFreePort(): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () => reject(new Error(`Port ${PORT} is taken. PORT=8788 npm start takes another.`)));
    probe.listen(PORT, HOST, () => probe.close(() => resolve()));
  });
}

const startWorkers = (): ChildProcess =>
  startGroup("wrangler", [
    "dev",
    ...gatewayFirst(readWorkers()).flatMap(({ configPath }) => ["-c", configPath]),
    ...["--ip", HOST, "--port", String(PORT), "--inspector-port", "0"],
    ...["--persist-to", STATE_FOLDER, "--show-interactive-dev-session=false"],
    // The gateway has routes, and without this every request would seem to ask for the first one's host.
    "--infer-origin-from-routes=false",
  ]);

/** One line a request and a batch, also for each of our own sweeps, would bury what the Workers say. */
const ACCESS_LINE = /^\[wrangler:info\] [A-Z]+ /;

/** What wrangler says when workerd has died under it. It starts another one, which then never answers (seen): the whole must start anew. */
const CRASHED = "The Workers runtime crashed unexpectedly";

interface Relay {
  speak(): void;
  /** What was said before that. */
  collected(): string;
}

/** Silent while wrangler introduces itself, then line by line what the Workers say. */
function relayOutput(workers: ChildProcess, crashed: () => void): Relay {
  let speaking = false;
  const collected: string[] = [];
  for (const stream of [workers.stdout, workers.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      if (line.includes(CRASHED)) crashed();
      if (!speaking) collected.push(line);
      else if (line.trim() !== "" && !ACCESS_LINE.test(stripVTControlCharacters(line))) console.log(line);
    });
  }
  return {
    speak: () => {
      speaking = true;
    },
    collected: () => collected.join("\n"),
  };
}

async function waitForHealth(workers: ChildProcess, output: Relay): Promise<void> {
  const deadlineMs = Date.now() + UP_WITHIN_MS;
  let last = "no answer";
  while (Date.now() < deadlineMs) {
    if (workers.exitCode !== null) throw new Error("wrangler ended.");
    // Wrangler itself would wait here for somebody to repair the file.
    if (output.collected().includes("Build failed")) throw new Error("A Worker does not build.");
    try {
      const response = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(5_000) });
      if (response.status === 200) return;
      last = `${response.status} ${await response.text()}`;
    } catch {
      // Not listening yet.
    }
    await pause(200);
  }
  throw new Error(`/health was not 200 within ${UP_WITHIN_MS / 1000} s: ${last}`);
}

function printWhereToLook(): void {
  const base = `http://localhost:${PORT}`;
  const people = Object.entries(DEMO_PEOPLE).map(([role, { email }]) => `    ${role.padEnd(10)} ${email}`);
  console.log(
    [
      "",
      "Bilten is up.",
      `  API page         ${base}/docs`,
      `  Demo organizer   http://${DEMO_SLUG}.localhost:${PORT}`,
      `  Mails, not sent  ${base}/dev/outbox`,
      `  Logins           password ${DEMO_PASSWORD}`,
      ...people,
      "Ctrl-C ends it and keeps the data; npm run reset forgets it.",
      "",
    ].join("\n"),
  );
}

let workers: ChildProcess | undefined;
let ending = false;
let starting = false;

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  if (workers) await endGroup(workers);
  process.exit(code);
}

/** Resolves when the Workers answer. */
async function bringUp(): Promise<void> {
  starting = true;
  const group = startWorkers();
  workers = group;
  const output = relayOutput(group, () => void revive());
  try {
    await waitForHealth(group, output);
  } catch (cause) {
    if (!ending) console.error(output.collected());
    throw cause;
  } finally {
    starting = false;
  }
  output.speak();
  group.on("exit", (code) => {
    if (starting || group !== workers) return;
    if (!ending) console.error(`wrangler ended with ${code}.`);
    void end(1);
  });
}

/** On the same data: what was acknowledged is there, what was cut off the sweeps carry on with. */
async function revive(): Promise<void> {
  if (ending || starting || !workers) return;
  starting = true;
  console.error("The Workers have died. Starting them again …");
  try {
    await endGroup(workers);
    await bringUp();
    console.error("Bilten is up again.");
  } catch (cause) {
    if (!ending) console.error(cause instanceof Error ? cause.message : cause);
    await end(1);
  }
}

/** The cron of the house (rule 23), and a look whether anybody is there. */
let unanswered = 0;
async function sweep(): Promise<void> {
  if (starting) return;
  try {
    await fetch(`${origin}${SWEEP_PATH}`, { signal: AbortSignal.timeout(SWEEP_WITHIN_MS) });
    unanswered = 0;
  } catch {
    unanswered += 1;
    if (unanswered < DEAD_AFTER_UNANSWERED) return;
    unanswered = 0;
    await revive();
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));
// Killed without a word, npm tells nobody: then this process is handed to another parent.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) void end(1);
}, 1_000);

try {
  await demandFreePort();
  makeKeys(String(PORT));
  console.log("Applying migrations …");
  await applyMigrations();
  console.log("Starting the Workers …");
  await bringUp();
  setInterval(() => void sweep(), SWEEP_EVERY_MS);
  console.log("Loading the demo data …");
  await seed(origin);
  printWhereToLook();
} catch (cause) {
  if (!ending) console.error(cause instanceof Error ? cause.message : cause);
  await end(1);
}
