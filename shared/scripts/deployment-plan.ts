/** What a deployment does, in its order, as data: made from the committed wrangler.toml files, printed by `--dry-run`, run by deployment-run. */
import type { WorkerFiles } from "./configurations.ts";
import { deployedConfigPath } from "./deployment-configurations.ts";
import type { Settings } from "./deployment-settings.ts";

/** The most that a queue keeps (Workers Paid): a dead letter waits for people, not for the next delivery. */
export const DEAD_LETTERS_KEPT_S = 14 * 86_400;

export interface Plan {
  databases: { name: string; location: string; worker: WorkerFiles }[];
  queues: { name: string; keptSeconds: number | null }[];
  buckets: { name: string; location: string }[];
  /** In deploy order. */
  workers: WorkerFiles[];
  /** Workers that this run does not deploy and that those which it does are bound to. */
  standing: string[];
}

export interface Choice {
  /** This Worker and what it needs, alone. */
  only?: string | undefined;
  /** This Worker and those after it: where a run stopped. */
  from?: string | undefined;
}

/** A binding to a Worker that does not exist fails an upload: each must come before those that bind it. */
export function orderFaults(workers: readonly WorkerFiles[], standing: readonly string[] = []): string[] {
  const deployed = new Set(standing);
  const faults: string[] = [];
  for (const { configuration } of workers) {
    for (const { service } of configuration.services) {
      if (!deployed.has(service) && service !== configuration.name)
        faults.push(`${configuration.name} binds ${service} before it exists`);
    }
    deployed.add(configuration.name);
  }
  return [...new Set(faults)];
}

function chosen(all: readonly WorkerFiles[], { only, from }: Choice): WorkerFiles[] {
  const named = only ?? from;
  const at = all.findIndex(({ domain }) => domain === named);
  if (named !== undefined && at < 0)
    throw new Error(`There is no Worker ${named}: ${all.map(({ domain }) => domain).join(", ")}`);
  return all.slice(Math.max(at, 0), only === undefined ? all.length : at + 1);
}

/** Throws where the order would fail. */
export function planOf(all: readonly WorkerFiles[], settings: Settings, choice: Choice = {}): Plan {
  const workers = chosen(all, choice);
  const own = new Set(workers.map(({ configuration }) => configuration.name));
  const bound = workers.flatMap(({ configuration }) => configuration.services.map(({ service }) => service));
  const earlier = all.slice(0, all.indexOf(workers[0] as WorkerFiles)).map(({ configuration }) => configuration.name);
  const standing = [...new Set(bound)].filter((name) => !own.has(name) && earlier.includes(name));
  const faults = orderFaults(workers, standing);
  if (faults.length > 0) throw new Error(faults.join("\n"));

  const locationOf = (name: string) => settings.locations[name] ?? settings.location;
  const queues = workers.flatMap(({ configuration: { queues: named } }) => [
    ...named.producers.map(({ queue }) => queue),
    ...named.consumers.flatMap(({ queue, dead_letter_queue: dead }) => (dead === undefined ? [queue] : [queue, dead])),
  ]);
  const dead = new Set(
    all.flatMap(({ configuration }) => configuration.queues.consumers.map((consumer) => consumer.dead_letter_queue)),
  );
  const buckets = workers.flatMap(({ configuration }) => configuration.r2_buckets.map(({ bucket_name: name }) => name));
  return {
    databases: workers.flatMap((worker) =>
      worker.configuration.d1_databases.map(({ database_name: name }) => ({ name, location: locationOf(name), worker })),
    ),
    queues: [...new Set(queues)].sort().map((name) => ({ name, keptSeconds: dead.has(name) ? DEAD_LETTERS_KEPT_S : null })),
    buckets: [...new Set(buckets)].sort().map((name) => ({ name, location: locationOf(name) })),
    workers,
    standing,
  };
}

const kept = (keptSeconds: number | null): string[] =>
  keptSeconds === null ? [] : ["--message-retention-period-secs", String(keptSeconds)];

/** What is said to wrangler, in one place for the plan that is shown and the run that happens. */
export const COMMANDS = {
  account: () => ["whoami", "--json"],
  worker: (name: string) => ["deployments", "list", "--name", name, "--json"],
  secrets: (name: string) => ["secret", "list", "--name", name, "--format", "json"],
  databases: () => ["d1", "list", "--json"],
  createDatabase: ({ name, location }: Plan["databases"][number]) => [
    "d1",
    "create",
    name,
    "--location",
    location,
    "--update-config=false",
  ],
  queue: (name: string) => ["queues", "info", name],
  createQueue: ({ name, keptSeconds }: Plan["queues"][number]) => ["queues", "create", name, ...kept(keptSeconds)],
  keepLonger: ({ name, keptSeconds }: Plan["queues"][number]) => ["queues", "update", name, ...kept(keptSeconds)],
  buckets: () => ["r2", "bucket", "list"],
  createBucket: ({ name, location }: Plan["buckets"][number]) => [
    "r2",
    "bucket",
    "create",
    name,
    "--location",
    location,
    "--update-config=false",
  ],
  migrate: ({ name, worker }: Plan["databases"][number]) => [
    "d1",
    "migrations",
    "apply",
    name,
    "--remote",
    "-c",
    deployedConfigPath(worker),
  ],
  deploy: (worker: WorkerFiles, secretsFile?: string) => [
    "deploy",
    "-c",
    deployedConfigPath(worker),
    ...(secretsFile === undefined ? [] : ["--secrets-file", secretsFile]),
  ],
};

/** The exact commands, a heading before each stage. */
export function describePlan(plan: Plan): string[] {
  const line = (args: string[], when = "") => `  wrangler ${args.join(" ")}${when && `   # ${when}`}`;
  const missing = "where it is missing";
  return [
    "who is asked, and what stands already",
    line(COMMANDS.account()),
    ...plan.standing.map((name) => line(COMMANDS.worker(name), "bound, and deployed before")),
    ...plan.workers.flatMap(({ configuration }) =>
      configuration.secrets?.required
        ? [line(COMMANDS.secrets(configuration.name), `needs ${configuration.secrets.required.join(", ")}`)]
        : [],
    ),
    "databases",
    line(COMMANDS.databases()),
    ...plan.databases.map((database) => line(COMMANDS.createDatabase(database), missing)),
    "queues",
    ...plan.queues.flatMap((queue) => [
      line(COMMANDS.queue(queue.name)),
      line(COMMANDS.createQueue(queue), missing),
      ...(queue.keptSeconds === null ? [] : [line(COMMANDS.keepLonger(queue), "where it is there")]),
    ]),
    "buckets",
    line(COMMANDS.buckets()),
    ...plan.buckets.map((bucket) => line(COMMANDS.createBucket(bucket), missing)),
    "migrations, before any Worker that needs them",
    ...plan.databases.map((database) => line(COMMANDS.migrate(database))),
    "Workers, each after those that it binds",
    ...plan.workers.map((worker) =>
      line(COMMANDS.deploy(worker), worker.configuration.secrets?.required ? "with --secrets-file for what it lacks" : ""),
    ),
  ];
}
