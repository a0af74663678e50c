/** Running the pinned tools: always this repository's own, never what a machine has. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./configurations.ts";

/** Each wrangler process takes a core and about 200 MB. */
export const PARALLEL_TOOLS = 2;
const GRACE_MS = 8_000;

const TOOLS = {
  wrangler: "node_modules/wrangler/bin/wrangler.js",
  vitest: "node_modules/vitest/vitest.mjs",
  biome: "node_modules/@biomejs/biome/bin/biome",
  tsc: "node_modules/typescript/bin/tsc",
  redocly: "node_modules/@redocly/cli/bin/cli.js",
} as const;
export type Tool = keyof typeof TOOLS;

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  REDOCLY_TELEMETRY: "off",
  REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
  // Two clones of Bilten on one machine have Workers of the same names; each shall find its own.
  WRANGLER_REGISTRY_PATH: join(ROOT, ".wrangler/registry"),
});

export interface Finished {
  code: number;
  /** What it said, on both streams. */
  output: string;
  /** Standard output alone, for what a program reads. */
  answer: string;
}

/** Runs a tool to its end and keeps what it says; `stream` lets it speak at once. */
export function runTool(tool: Tool, args: string[], options: { stream?: boolean } = {}): Promise<Finished> {
  const child = spawn(process.execPath, [join(ROOT, TOOLS[tool]), ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: options.stream ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let answer = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (stream === child.stdout) answer += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output, answer }));
  });
}

/** Starts a tool in a process group of its own, because a wrangler that is killed alone leaves its workerd behind. */
export const startGroup = (tool: Tool, args: string[]): ChildProcess =>
  spawn(process.execPath, [join(ROOT, "shared/scripts/group-leader.ts"), join(ROOT, TOOLS[tool]), ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });

const groupLives = (pid: number): boolean => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group ended between two looks.
  }
};

/** Ends a group that `startGroup` began: politely, then for good. Resolves when nobody of it is left. */
export async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  const deadlineMs = Date.now() + GRACE_MS;
  while (groupLives(pid)) {
    if (Date.now() > deadlineMs) signalGroup(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `task` over all items, never more than `limit` at once, and gives the answers in the items' order. */
export async function mapLimited<T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      answers[index] = await task(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return answers;
}
