/**
 * Runs a plan. Every step asks the account first and makes only what is missing, so that the account itself is the record: what failed
 * half-way is run again. Two versions of any Worker run at once meanwhile (rule 28): migrations expand, Workers follow, and what is no
 * longer needed goes with a later deployment.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import type { WorkerFiles } from "./configurations.ts";
import { writeConfiguration } from "./deployment-configurations.ts";
import { COMMANDS, type Plan } from "./deployment-plan.ts";
import { makeMissing, missingSecrets, readSecrets, type SecretValues } from "./deployment-secrets.ts";
import type { Settings } from "./deployment-settings.ts";
import type { Finished } from "./processes.ts";

export interface Means {
  wrangler: (args: string[]) => Promise<Finished>;
  say: (line: string) => void;
  /** Where values of secrets are read from, and made ones are kept. */
  secretsFile?: string | undefined;
  /** Whether missing secrets that are random may be made up. */
  makeSecrets: boolean;
}

const Databases = z.array(z.looseObject({ name: z.string(), uuid: z.string() }));
const SecretNames = z.array(z.looseObject({ name: z.string() }));
/** Cloudflare's error code for a Worker that is not there. */
const NO_WORKER = /\b10007\b/;
const NO_QUEUE = /does not exist/;

export class DeploymentFailed extends Error {}

export async function runPlan(plan: Plan, settings: Settings, means: Means): Promise<void> {
  const { say } = means;
  const ask = async (args: string[], what: string): Promise<Finished> => {
    const finished = await means.wrangler(args);
    if (finished.code !== 0) throw new DeploymentFailed(`${what}\n  wrangler ${args.join(" ")}\n${finished.output.trim()}`);
    return finished;
  };

  await ask(COMMANDS.account(), "Nobody is logged in: set CLOUDFLARE_API_TOKEN, or npx wrangler login");
  for (const name of plan.standing) await ask(COMMANDS.worker(name), `${name} is bound and was not deployed before`);
  const deployed = await deployedSecrets(plan, means);
  const values = completeSecrets(plan, deployed, means);

  const listed = async () => {
    const { answer } = await ask(COMMANDS.databases(), "The databases cannot be listed");
    return new Map(Databases.parse(JSON.parse(answer)).map(({ name, uuid }) => [name, uuid]));
  };
  let ids = await listed();
  for (const database of plan.databases.filter(({ name }) => !ids.has(name))) {
    await ask(COMMANDS.createDatabase(database), `The database ${database.name} was not made`);
    say(`made      database ${database.name}, ${database.location}`);
  }
  ids = await listed();
  const absent = plan.databases.filter(({ name }) => !ids.has(name));
  if (absent.length > 0)
    throw new DeploymentFailed(`Not listed after they were made: ${absent.map(({ name }) => name).join(", ")}`);

  for (const queue of plan.queues) {
    const look = await means.wrangler(COMMANDS.queue(queue.name));
    if (look.code !== 0 && !NO_QUEUE.test(look.output))
      throw new DeploymentFailed(`Is there a queue ${queue.name}?\n${look.output}`);
    if (look.code !== 0) {
      await ask(COMMANDS.createQueue(queue), `The queue ${queue.name} was not made`);
      say(`made      queue ${queue.name}`);
    } else if (queue.keptSeconds !== null)
      await ask(COMMANDS.keepLonger(queue), `${queue.name} does not keep its messages longer`);
  }

  if (plan.buckets.length > 0) {
    const { answer } = await ask(COMMANDS.buckets(), "The buckets cannot be listed");
    const there = new Set([...stripVTControlCharacters(answer).matchAll(/^name:\s+(\S+)/gm)].map(([, name]) => name));
    for (const bucket of plan.buckets.filter(({ name }) => !there.has(name))) {
      await ask(COMMANDS.createBucket(bucket), `The bucket ${bucket.name} was not made`);
      say(`made      bucket ${bucket.name}, ${bucket.location}`);
    }
  }

  for (const worker of plan.workers) writeConfiguration(worker, settings, ids);
  for (const database of plan.databases) {
    await ask(COMMANDS.migrate(database), `The migrations of ${database.name} were not applied`);
    say(`migrated  ${database.name}`);
  }
  for (const worker of plan.workers) {
    const { domain } = worker;
    const lacking = Object.entries(values[domain] ?? {}).filter(([name]) => !deployed.get(domain)?.includes(name));
    try {
      await withSecrets(Object.fromEntries(lacking), (file) => ask(COMMANDS.deploy(worker, file), `${domain} was not deployed`));
    } catch (cause) {
      say(`Go on with: npm run deploy -- --from ${domain}`);
      throw cause;
    }
    say(`deployed  ${domain}`);
  }
}

/** Names by domain. A Worker that is not there has none; an answer that says neither stops the run, or good keys would be replaced. */
async function deployedSecrets({ workers }: Plan, { wrangler }: Means): Promise<Map<string, string[]>> {
  const deployed = new Map<string, string[]>();
  for (const { domain, configuration } of workers.filter(needsSecrets)) {
    const { code, answer, output } = await wrangler(COMMANDS.secrets(configuration.name));
    if (code !== 0 && !NO_WORKER.test(output)) throw new DeploymentFailed(`Which secrets has ${configuration.name}?\n${output}`);
    deployed.set(domain, code === 0 ? SecretNames.parse(JSON.parse(answer)).map(({ name }) => name) : []);
  }
  return deployed;
}

const needsSecrets = ({ configuration }: WorkerFiles): boolean => (configuration.secrets?.required ?? []).length > 0;

/** Before anything is made: what is missing is made up where that is allowed, or listed with what it is for. */
function completeSecrets({ workers }: Plan, deployed: ReadonlyMap<string, string[]>, means: Means): SecretValues {
  const values = readSecrets(means.secretsFile);
  const missing = workers.flatMap((worker) => missingSecrets(worker, deployed.get(worker.domain) ?? [], values));
  const open = missing.filter(({ random }) => !random || !means.makeSecrets);
  for (const { domain, name, purpose, random } of open) {
    means.say(`missing   ${domain.padEnd(10)} ${name.padEnd(24)} ${purpose}${random ? " (--make-secrets makes one)" : ""}`);
  }
  if (open.length > 0) throw new DeploymentFailed("Secrets are missing: name a file of them by --secrets <file>");
  // Cloudflare shows no secret again: one that is kept nowhere else could never be moved or restored.
  if (missing.length > 0 && means.secretsFile === undefined)
    throw new DeploymentFailed("--make-secrets needs --secrets <file>, which keeps what is made");
  for (const { domain, name } of missing) means.say(`new       secret ${name} of ${domain}`);
  return missing.length === 0 || means.secretsFile === undefined ? values : makeMissing(missing, values, means.secretsFile);
}

/** JSON, because wrangler expands `$` in the other form; gone when the upload ends. */
async function withSecrets(secrets: Record<string, string>, use: (file?: string) => Promise<unknown>): Promise<void> {
  if (Object.keys(secrets).length === 0) return void (await use());
  const folder = mkdtempSync(join(tmpdir(), "bilten-secrets-"));
  try {
    const file = join(folder, "secrets.json");
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
