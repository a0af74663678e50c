import { describe, expect, it } from "vitest";
import { DOMAINS } from "../../shared/contracts/domain";
import { type Configuration, readWorkers, type WorkerDomain } from "../../shared/scripts/configurations.ts";
import { readSources } from "../support/sources";
import { findUnusedBindings, RULES } from "./configurations";

const problemsOf = (rule: string, workers = readWorkers()): string[] => RULES[rule]?.(workers) ?? [`no rule ${rule}`];

type Change = (configuration: Configuration) => unknown;

/** The real files with one thing broken. */
function withBroken(domains: WorkerDomain | WorkerDomain[], change: Change) {
  const workers = readWorkers();
  for (const { domain, configuration } of workers) if ([domains].flat().includes(domain)) change(configuration);
  return workers;
}

const mailboxOf = ({ queues }: Configuration) => queues.consumers[0] ?? { queue: "none" };
const door = (service: string, caller: string) => ({ binding: "X", service, props: { caller } });

/** By rule: a Worker and what is done to its file, which the rule must notice. */
const BREAKS: Record<string, [WorkerDomain | WorkerDomain[], Change][]> = {
  "names are bilten-<domain>": [["auth", (c) => Object.assign(c, { name: "auth" })]],
  "service bindings go down the deploy order": [
    ["auth", (c) => c.services.push(door("bilten-users", "auth"))],
    ["search", (c) => c.services.push(door("bilten-analytics", "search"))],
    ["events", (c) => c.services.push(door("bilten-events", "events"))],
    ["sites", (c) => c.services.push(door("bilten-nobody", "sites"))],
  ],
  "the gateway reaches every domain by RPC and by fetch": [["gateway", (c) => c.services.pop()]],
  "every service binding says who calls": [
    ["sites", (c) => c.services.push(door("bilten-auth", "gateway"))],
    ["sites", (c) => c.services.push({ binding: "X", service: "bilten-auth" })],
  ],
  "a database belongs to one Worker": [
    ["users", (c) => c.d1_databases.push({ binding: "X", database_name: "x", database_id: "bilten-auth", migrations_dir: "x" })],
  ],
  "every database has its migrations": [
    ["users", (c) => c.d1_databases.push({ binding: "X", database_name: "x", database_id: "x" })],
  ],
  "a bucket belongs to one Worker": [
    [["users", "branding"], (c) => c.r2_buckets.push({ binding: "X", bucket_name: "bilten-shared" })],
  ],
  "an object's class belongs to one Worker": [
    ["users", (c) => Object.assign(c.exports, { TicketInventory: { type: "durable-object", storage: "sqlite" } })],
    [
      "users",
      (c) =>
        Object.assign(c, {
          durable_objects: { bindings: [{ name: "X", class_name: "TicketInventory", script_name: "bilten-events" }] },
        }),
    ],
  ],
  "objects are bound where they live, with SQLite": [
    [
      "users",
      (c) =>
        Object.assign(c, {
          durable_objects: { bindings: [{ name: "X", class_name: "TicketInventory", script_name: "bilten-events" }] },
        }),
    ],
    ["users", (c) => Object.assign(c.exports, { Counter: { type: "durable-object" } })],
  ],
  "one compatibility date": [["users", (c) => Object.assign(c, { compatibility_date: "2025-01-01" })]],
  "a queue has one consumer, the Worker whose mailbox it is": [
    ["search", (c) => c.queues.consumers.push({ queue: "bilten-users-mailbox", dead_letter_queue: "x" })],
    ["search", (c) => c.queues.consumers.push({ queue: "odd", dead_letter_queue: "x" })],
  ],
  "a mailbox has a dead-letter queue, and gives a message up when its consumer parks it": [
    ["search", (c) => c.queues.consumers.push({ queue: "odd", max_retries: 10 })],
    ["search", (c) => Object.assign(mailboxOf(c), { max_retries: 3 })],
    ["search", (c) => void delete mailboxOf(c).max_retries],
  ],
  "dead letters are consumed by their mailbox's owner, who is given every chance to park them": [
    ["search", (c) => c.queues.consumers.pop()],
    ["search", (c) => Object.assign(c.queues.consumers.at(-1) ?? {}, { dead_letter_queue: "x" })],
    ["search", (c) => Object.assign(c.queues.consumers.at(-1) ?? {}, { max_retries: 3 })],
  ],
  "a batch has no more messages than an invocation may call siblings": [
    ["users", (c) => c.queues.consumers.push({ queue: "odd", max_batch_size: 23 })],
  ],
  "nobody nudges a Worker but itself": [
    ["payments", (c) => c.queues.producers.push({ binding: "X", queue: "bilten-notifications-outgoing" })],
  ],
  "the limits are those that the gateway names": [
    ["gateway", (c) => c.ratelimits.pop()],
    ["gateway", (c) => c.ratelimits.map(({ simple }) => Object.assign(simple, { limit: simple.limit + 1 }))],
    ["gateway", (c) => c.ratelimits.map(({ simple }) => Object.assign(simple, { period: 10 }))],
    ["gateway", (c) => c.ratelimits.push({ name: "CAKE_LIMIT", simple: { limit: 1, period: 60 } })],
    ["users", (c) => c.ratelimits.push({ name: "X", simple: { limit: 1, period: 60 } })],
  ],
  "a producer's queue has a consumer": [
    ["auth", (c) => c.queues.producers.push({ binding: "X", queue: "bilten-branding-mailbox" })],
  ],
  "nothing is on workers.dev": [
    ["auth", (c) => void delete c.workers_dev],
    ["auth", (c) => Object.assign(c, { preview_urls: true })],
  ],
  "only the gateway has routes and a cron": [
    ["auth", (c) => Object.assign(c, { routes: ["auth.bilten.example/*"] })],
    ["auth", (c) => Object.assign(c, { route: "auth.bilten.example/*" })],
    ["auth", (c) => Object.assign(c, { triggers: { crons: ["* * * * *"] } })],
    ["gateway", (c) => void delete c.triggers],
  ],
  "every committed file says production": [
    ["auth", (c) => Object.assign(c, { vars: { ENVIRONMENT: "development" } })],
    ["auth", (c) => void delete c.vars],
    ["auth", (c) => Object.assign(c, { env: { staging: {} } })],
  ],
  "what only a run on one machine sets is empty in every committed file": [
    ["events", (c) => Object.assign(c.vars ?? {}, { QUEUES_FORGET: "yes" })],
  ],
};

describe("the wrangler.toml files", () => {
  it("are one a domain, in the contract's deploy order", () => {
    expect(readWorkers().map(({ domain }) => domain)).toEqual([...DOMAINS, "gateway"]);
  });

  it("bind nothing that their Worker does not use", () => {
    expect(findUnusedBindings(readWorkers(), readSources())).toEqual([]);
    const unused = withBroken("sites", (c) => c.services.push(door("bilten-auth", "sites")));
    expect(findUnusedBindings(unused, readSources())).toEqual(["workers/sites/wrangler.toml: nobody uses X"]);
  });

  it.each(Object.keys(RULES))("keep the rule: %s", (rule) => {
    expect(problemsOf(rule)).toEqual([]);
  });

  it.each(Object.keys(RULES))("would be caught breaking it: %s", (rule) => {
    const breaks = BREAKS[rule] ?? [];
    expect(breaks.length).toBeGreaterThan(0);
    for (const [domain, change] of breaks)
      expect(problemsOf(rule, withBroken(domain, change)).length, `${domain}: ${change}`).toBeGreaterThan(0);
  });
});
