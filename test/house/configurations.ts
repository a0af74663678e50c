/** What the wrangler.toml files must say together. Each rule takes all of them and gives the sentences that are not true. */
import { domainOfService, type WorkerFiles } from "../../shared/scripts/configurations.ts";

/** A Worker may bind those of lower rows. Backwards goes by mailbox. */
const DEPLOY_ORDER = [
  ["auth"],
  ["users"],
  ["events"],
  ["branding"],
  ["payments"],
  ["search", "analytics"],
  ["notifications"],
  ["sites"],
  ["gateway"],
];
const rankOf = (domain: string): number => DEPLOY_ORDER.findIndex((row) => row.includes(domain));

type Rule = (workers: WorkerFiles[]) => string[];

const perWorker =
  (rule: (worker: WorkerFiles) => (string | false)[]): Rule =>
  (workers) =>
    workers.flatMap((worker) => rule(worker).flatMap((problem) => (problem ? [`${worker.configPath}: ${problem}`] : [])));

/** Things that one Worker owns and that a second one names too. */
const ownedOnce =
  (what: string, namesOf: (worker: WorkerFiles) => string[]): Rule =>
  (workers) => {
    const owners = new Map<string, string[]>();
    for (const worker of workers)
      for (const name of namesOf(worker)) owners.set(name, [...(owners.get(name) ?? []), worker.domain]);
    return [...owners]
      .filter(([, domains]) => domains.length > 1)
      .map(([name, domains]) => `${what} ${name} belongs to ${domains.join(" and ")}`);
  };

export const RULES: Record<string, Rule> = {
  "names are bilten-<domain>": perWorker(({ domain, configuration }) => [
    configuration.name !== `bilten-${domain}` && `is called ${configuration.name}`,
  ]),

  "service bindings go down the deploy order": perWorker(({ domain, configuration }) =>
    configuration.services.map(({ binding, service }) => {
      const target = domainOfService(service);
      if (rankOf(target) === -1) return `${binding} names the unknown Worker ${service}`;
      return rankOf(target) >= rankOf(domain) && `${binding} binds ${service}, which is not deployed before it`;
    }),
  ),

  "the gateway reaches every domain by RPC and by fetch": (workers) => {
    const gateway = workers.find(({ domain }) => domain === "gateway");
    const services = gateway?.configuration.services ?? [];
    return workers
      .filter(({ domain }) => domain !== "gateway")
      .flatMap(({ domain }) => {
        const doors = services.filter(({ service }) => domainOfService(service) === domain);
        const both = doors.some(({ entrypoint }) => entrypoint) && doors.some(({ entrypoint }) => !entrypoint);
        return both ? [] : [`the gateway lacks a door to ${domain}`];
      });
  },

  "every service binding says who calls": perWorker(({ domain, configuration }) =>
    configuration.services.map(
      ({ binding, props }) => props?.caller !== domain && `${binding} says caller = ${JSON.stringify(props?.caller)}`,
    ),
  ),

  "a database belongs to one Worker": ownedOnce("database", ({ configuration }) =>
    configuration.d1_databases.map(({ database_id }) => database_id),
  ),

  "every database has its migrations": perWorker(({ configuration }) =>
    configuration.d1_databases.map(
      ({ database_name, migrations_dir }) => !migrations_dir && `${database_name} has no migrations_dir`,
    ),
  ),

  "a bucket belongs to one Worker": ownedOnce("bucket", ({ configuration }) =>
    configuration.r2_buckets.map(({ bucket_name }) => bucket_name),
  ),

  "an object's class belongs to one Worker": ownedOnce("class", ({ configuration }) => [
    ...new Set([
      ...Object.keys(configuration.exports),
      ...(configuration.durable_objects?.bindings ?? []).map(({ class_name }) => class_name),
    ]),
  ]),

  "objects are bound where they live, with SQLite": perWorker(({ configuration }) => [
    ...(configuration.durable_objects?.bindings ?? []).map(
      ({ class_name, script_name }) =>
        (script_name !== undefined || !(class_name in configuration.exports)) && `binds ${class_name} without exporting it`,
    ),
    ...Object.entries(configuration.exports).map(
      ([name, { type, storage }]) => type === "durable-object" && storage !== "sqlite" && `${name} has no SQLite`,
    ),
  ]),

  "one compatibility date": (workers) => {
    const dates = new Set(workers.map(({ configuration }) => configuration.compatibility_date));
    return dates.size === 1 ? [] : [`there are ${dates.size}: ${[...dates].join(", ")}`];
  },

  "a queue has one consumer, the Worker whose mailbox it is": (workers) => [
    ...ownedOnce("queue", ({ configuration }) => configuration.queues.consumers.map(({ queue }) => queue))(workers),
    ...perWorker(({ domain, configuration }) =>
      configuration.queues.consumers.map(({ queue }) => queue !== `bilten-${domain}-mailbox` && `consumes ${queue}`),
    )(workers),
  ],

  "a queue has a dead-letter queue": perWorker(({ domain, configuration }) =>
    configuration.queues.consumers.map(
      ({ queue, dead_letter_queue }) =>
        dead_letter_queue !== `bilten-${domain}-dead-letters` && `${queue} has no dead-letter queue of its own`,
    ),
  ),

  "a producer's queue has a consumer": (workers) => {
    const consumed = new Set(workers.flatMap(({ configuration }) => configuration.queues.consumers.map(({ queue }) => queue)));
    return perWorker(({ configuration }) =>
      configuration.queues.producers.map(({ queue }) => !consumed.has(queue) && `nobody consumes ${queue}`),
    )(workers);
  },

  "nothing is on workers.dev": perWorker(({ configuration }) => [
    configuration.workers_dev !== false && "does not say workers_dev = false",
    configuration.preview_urls !== false && "does not say preview_urls = false",
  ]),

  "only the gateway has routes and a cron": perWorker(({ domain, configuration }) => {
    const open = (configuration.routes?.length ?? 0) > 0 || "route" in configuration;
    const cron = (configuration.triggers?.crons?.length ?? 0) > 0;
    return [open !== (domain === "gateway") && `routes: ${open}`, cron !== (domain === "gateway") && `crons: ${cron}`];
  }),

  "every committed file says production": perWorker(({ configuration }) => [
    configuration.vars?.ENVIRONMENT !== "production" && `ENVIRONMENT is ${JSON.stringify(configuration.vars?.ENVIRONMENT)}`,
    "env" in configuration && "has a named environment, where the rules above would not be looked for",
  ]),
};
