/** What the wrangler.toml files must say together. Each rule takes all of them and gives the sentences that are not true. */
import { MAX_RETRIES } from "../../shared/queue/consume";
import { DEAD_LETTERS } from "../../shared/queue/mailbox";
import { SUBSCRIPTIONS } from "../../shared/queue/subscriptions";
import { type Configuration, domainOfService, type WorkerFiles } from "../../shared/scripts/configurations.ts";
import { PER_MINUTE } from "../../workers/gateway/rate-limits";
import type { Source } from "../support/sources";
import { codeFoldersOf } from "./messages";

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

/** Calls to siblings that an invocation may make. */
const MOST_CALLS = 25;
/** A batch whose messages cannot be done together asks once for each type that it may hold, and then once for each message. */
const callsOf = (domain: string, messages: number): number =>
  messages + Object.values(SUBSCRIPTIONS).filter((readers) => readers.some((reader) => reader === domain)).length;
/**
 * Consumers whose messages ask no sibling, each by itself or together: analytics counts in its database, notifications notes a debt. It
 * answers all nudges of a batch with one dispatch, which counts its questions itself.
 */
const ASKING_NOBODY = ["analytics", "notifications"];

/** Set by .dev.vars alone: a queue that forgets, the port of this machine, the providers that are none. */
const LOCAL_VARS = ["QUEUES_FORGET", "LOCAL_PORT", "STRIPE_API_BASE", "TEST_PROVIDER_SECRET"];

const mailboxOf = (domain: string): string => `bilten-${domain}-mailbox`;
const OUTGOING = "-outgoing";
/** By which a Worker wakes itself, apart from its mailbox: nudges, without data. */
const outgoingOf = (domain: string): string => `bilten-${domain}${OUTGOING}`;
/** Its consumer asks nobody: it writes rows. */
const deadLettersOf = (domain: string): string => `bilten-${domain}${DEAD_LETTERS}`;
/** The platform's own limit. */
const MOST_RETRIES = 100;

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
      configuration.queues.consumers.map(
        ({ queue }) => ![mailboxOf(domain), deadLettersOf(domain), outgoingOf(domain)].includes(queue) && `consumes ${queue}`,
      ),
    )(workers),
  ],

  "a mailbox has a dead-letter queue, and gives a message up when its consumer parks it": perWorker(({ domain, configuration }) =>
    configuration.queues.consumers
      .filter(({ queue }) => queue !== deadLettersOf(domain))
      .flatMap(({ queue, dead_letter_queue, max_retries }) => [
        dead_letter_queue !== deadLettersOf(domain) && `${queue} has no dead-letter queue of its own`,
        max_retries !== MAX_RETRIES && `${queue} is retried ${max_retries} times, and parked after ${MAX_RETRIES}`,
      ]),
  ),

  "dead letters are consumed by their mailbox's owner, who is given every chance to park them": perWorker(
    ({ domain, configuration: { queues } }) => {
      const dead = queues.consumers.find(({ queue }) => queue === deadLettersOf(domain));
      const owns = queues.consumers.some(({ queue }) => queue === mailboxOf(domain));
      return [
        owns && !dead && `nobody consumes ${deadLettersOf(domain)}`,
        dead?.dead_letter_queue !== undefined && `${dead.queue} has a dead-letter queue, whose letters nobody would see`,
        dead && dead.max_retries !== MOST_RETRIES && `${dead.queue} is retried ${dead.max_retries} times`,
      ].filter((problem) => problem !== undefined);
    },
  ),

  "a batch has no more messages than an invocation may call siblings": perWorker(({ domain, configuration }) =>
    configuration.queues.consumers.map(
      ({ queue, max_batch_size = 10 }) =>
        !ASKING_NOBODY.includes(domain) &&
        queue !== deadLettersOf(domain) &&
        callsOf(domain, max_batch_size) > MOST_CALLS &&
        `${queue} brings ${max_batch_size} at once`,
    ),
  ),

  "a producer's queue has a consumer": (workers) => {
    const consumed = new Set(workers.flatMap(({ configuration }) => configuration.queues.consumers.map(({ queue }) => queue)));
    return perWorker(({ configuration }) =>
      configuration.queues.producers.map(({ queue }) => !consumed.has(queue) && `nobody consumes ${queue}`),
    )(workers);
  },

  "nobody nudges a Worker but itself": perWorker(({ domain, configuration }) =>
    configuration.queues.producers.map(
      ({ queue }) => queue.endsWith(OUTGOING) && queue !== outgoingOf(domain) && `sends to ${queue}`,
    ),
  ),

  "the limits are those that the gateway names": perWorker(({ domain, configuration }) => {
    const named =
      domain !== "gateway"
        ? []
        : Object.entries(PER_MINUTE).flatMap(([where, classes]) =>
            Object.entries(classes).map(([routeClass, perMinute]) => {
              const name = `${routeClass.toUpperCase()}_LIMIT${where === "development" ? "_DEV" : ""}`;
              return [name, perMinute] as const;
            }),
          );
    const bound = new Map(configuration.ratelimits.map(({ name, simple }) => [name, simple]));
    return [
      ...named.map(([name, perMinute]) => {
        const { limit, period } = bound.get(name) ?? { limit: 0, period: 0 };
        return (
          (limit !== perMinute || period !== 60) && `${name} is ${limit} in ${period} s, and ${perMinute} a minute in its header`
        );
      }),
      ...[...bound.keys()].map((name) => !named.some(([known]) => known === name) && `${name} limits nothing`),
    ];
  }),

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

  "what only a run on one machine sets is empty in every committed file": perWorker(({ configuration: { vars = {} } }) =>
    LOCAL_VARS.map((name) => (vars[name] ?? "") !== "" && `${name} is ${JSON.stringify(vars[name])}`),
  ),
};

const bindingsOf = ({ d1_databases, durable_objects, queues, services, r2_buckets, ratelimits }: Configuration): string[] => [
  ...[...d1_databases, ...queues.producers, ...services, ...r2_buckets].map(({ binding }) => binding),
  ...[...(durable_objects?.bindings ?? []), ...ratelimits].map(({ name }) => name),
];

/** Read as `env.NAME`, or named in a table; an environment's type only says that it could be. */
const reads = ({ path, text }: Source, name: string): boolean =>
  new RegExp(`\\.${name}\\b`).test(text) || (!path.endsWith("/environment.ts") && text.includes(`"${name}"`));

/** Bindings that the Worker's own code never reads: a right that nobody needs, and a deploy order that nobody needs either. */
export const findUnusedBindings = (workers: WorkerFiles[], sources: Source[]): string[] =>
  workers.flatMap((worker) => {
    const { configPath, configuration } = worker;
    const code = sources.filter(({ path }) => codeFoldersOf(worker).some((folder) => path.startsWith(`${folder}/`)));
    return bindingsOf(configuration)
      .filter((name) => !code.some((source) => reads(source, name)))
      .map((name) => `${configPath}: nobody uses ${name}`);
  });
