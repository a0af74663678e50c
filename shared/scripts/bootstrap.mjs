/**
 * The first step of every npm script. It runs under whatever Node the machine has (20 or newer), installs what package-lock.json
 * names when node_modules does not fit it, and hands over to the pinned Node, which runs TypeScript as it stands.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const stampFile = join(root, "node_modules/.bilten-installed");
const pinnedNode = join(root, "node_modules/.bin/node");

const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
const lock = JSON.parse(lockText);
const stamp = createHash("sha256").update(`${lockText}\n${process.platform}-${process.arch}`).digest("hex");

/** npm writes node_modules/.package-lock.json last, so an interrupted install has none. */
function fitsLock() {
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  const wanted = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && !entry.optional);
  if (!wanted.every(([path, entry]) => installed[path]?.version === entry.version)) return false;
  const version = spawnSync(pinnedNode, ["--version"], { encoding: "utf8" });
  return version.stdout?.trim() === `v${lock.packages["node_modules/node"].version}`;
}

function isInstalled() {
  if (existsSync(stampFile) && existsSync(pinnedNode) && readFileSync(stampFile, "utf8") === stamp) return true;
  if (!fitsLock()) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

function install() {
  console.log("Installing what package-lock.json names (once) …");
  // npm must not run on the pinned Node here: it lies in the folder that `npm ci` is about to replace.
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.endsWith(join("node_modules", ".bin")));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--include=dev", "--loglevel=error"], {
    cwd: root,
    env,
    stdio: "inherit",
  });
  if (status !== 0 || !fitsLock()) {
    console.error("npm ci did not bring what package-lock.json names.");
    process.exit(1);
  }
  writeFileSync(stampFile, stamp);
}

/** The parent, and npm itself where a shell of npm's stands between. */
function waitingAncestors() {
  const { ppid } = process;
  const row = spawnSync("ps", ["-o", "ppid=,comm=", "-p", String(ppid)], { encoding: "utf8" }).stdout ?? "";
  const [, grandparent] = /^\s*(\d+)\s+(?:.*\/)?\w*sh\s*$/.exec(row) ?? [];
  return grandparent !== undefined && process.env.npm_lifecycle_event ? [ppid, Number(grandparent)] : [ppid];
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

if (!isInstalled()) install();

const [script, ...rest] = process.argv.slice(2);
// Base64 of typed arrays, which workerd has, stands behind a flag in Node 24.
const child = spawn(pinnedNode, ["--js-base-64", join(root, script), ...rest], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH ?? ""}`,
    WRANGLER_SEND_METRICS: "false",
    // Without it every start waits for a file from the internet that nothing here reads.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm does not pass on every signal, and none when it is killed: whoever waits for this process must still be there.
const ancestors = waitingAncestors();
setInterval(() => {
  if (!ancestors.every(lives) || process.ppid !== ancestors[0]) child.kill("SIGTERM");
}, 500).unref();
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
