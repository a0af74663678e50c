/**
 * Builds a Worker as it ships and swaps one statement in what came out: the control of a race runs the shipped code without its
 * guard, and shows the race.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT, readWorkers, type WorkerDomain } from "../../shared/scripts/configurations.ts";
import { runTool } from "../../shared/scripts/processes.ts";

export interface Alteration {
  /** Must occur exactly once in the built code, or the test would run something else than it says. */
  find: string;
  replace: string;
}

/** Never uploaded, ignored by git, and inside the repository, where a built file finds what it was not bundled with. */
const BUILD_FOLDER = join(ROOT, ".wrangler/altered");

/** The code that `wrangler deploy` would upload, in a new folder for `startHouse({ prebuilt })`. Remove it with `removeBuild`. */
export async function buildWorker(domain: WorkerDomain, alteration?: Alteration): Promise<string> {
  const worker = readWorkers().find((candidate) => candidate.domain === domain);
  if (!worker) throw new Error(`No Worker ${domain}`);
  await mkdir(BUILD_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(BUILD_FOLDER, `${domain}-`));
  const { code, output } = await runTool("wrangler", ["deploy", "--dry-run", "--outdir", folder, "-c", worker.configPath]);
  if (code !== 0) throw new Error(`The ${domain} Worker does not build:\n${output}`);
  if (alteration) await alter(folder, alteration);
  return folder;
}

export async function alter(folder: string, { find, replace }: Alteration): Promise<void> {
  const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  const texts = await Promise.all(scripts.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })));
  const hits = texts.flatMap(({ name, text }) =>
    text
      .split(find)
      .slice(1)
      .map(() => name),
  );
  const [only] = hits;
  const text = texts.find(({ name }) => name === only)?.text;
  if (hits.length !== 1 || only === undefined || text === undefined) {
    throw new Error(`Expected exactly one place for the alteration, found ${hits.length}: ${find}`);
  }
  // A function, because `$&` and its like in the statement would be patterns.
  await writeFile(
    join(folder, only),
    text.replace(find, () => replace),
  );
}

export const removeBuild = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
