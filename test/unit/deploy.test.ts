/** The plan of the committed files, and its run against an account in a file that fails in the middle. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT, readWorkers } from "../../shared/scripts/configurations";
import { deployedConfiguration } from "../../shared/scripts/deployment-configurations";
import { DEAD_LETTERS_KEPT_S, describePlan, orderFaults, planOf } from "../../shared/scripts/deployment-plan";
import { runPlan } from "../../shared/scripts/deployment-run";
import { SECRETS } from "../../shared/scripts/deployment-secrets";
import { Settings } from "../../shared/scripts/deployment-settings";

const all = readWorkers();
const settings = Settings.parse({
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "tickets.test",
  apiHost: "api.tickets.test",
  sitesBaseHost: "tickets.test",
  mailFrom: "hello@tickets.test",
  location: "eeur",
  locations: { "bilten-payments-1": "apac" },
});
const committed = (domain: string) =>
  readFileSync(join(ROOT, domain === "gateway" ? "wrangler.toml" : `workers/${domain}/wrangler.toml`), "utf8");

describe("the plan", () => {
  const plan = planOf(all, settings);
  const lines = describePlan(plan);

  test("names every database, queue, bucket and secret of every committed file", () => {
    for (const { domain } of all) {
      const text = committed(domain);
      const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name ?? "");
      for (const name of named(/^database_name = "(.+)"/gm)) {
        expect(plan.databases.map((database) => database.name)).toContain(name);
        expect(lines.some((line) => line.includes(`migrations apply ${name} --remote`))).toBe(true);
      }
      for (const name of named(/^(?:queue|dead_letter_queue) = "(.+)"/gm)) {
        const keeps = name.includes("dead-letters") ? ` --message-retention-period-secs ${DEAD_LETTERS_KEPT_S} ` : " ";
        expect(lines.join("\n")).toContain(`queues create ${name}${keeps}`);
      }
      for (const name of named(/^bucket_name = "(.+)"/gm)) expect(plan.buckets.map((bucket) => bucket.name)).toContain(name);
      for (const name of [...(/^required = \[(.*)\]/m.exec(text)?.[1] ?? "").matchAll(/"(\w+)"/g)].map(
        ([, secret]) => secret ?? "",
      )) {
        expect(SECRETS, name).toHaveProperty(name);
        expect(lines.join("\n")).toContain(name);
      }
    }
    expect(plan.workers.map(({ domain }) => domain)).toEqual(all.map(({ domain }) => domain));
    expect(plan.workers.at(-1)?.domain).toBe("gateway");
    expect(DEAD_LETTERS_KEPT_S).toBe(14 * 24 * 3600);
  });

  test("has what is bound before what binds it, and a Worker that is bound before it exists is refused", () => {
    expect(orderFaults(all)).toEqual([]);
    const usersFirst = [...all].sort((a, b) => Number(b.domain === "users") - Number(a.domain === "users"));
    expect(orderFaults(usersFirst)).toEqual(["bilten-users binds bilten-auth before it exists"]);
    expect(() => planOf(usersFirst, settings)).toThrow("before it exists");
    expect(orderFaults([...all].reverse()).length).toBeGreaterThan(10);
  });

  test("of one Worker has what that one needs, and asks for those that it binds", () => {
    const only = planOf(all, settings, { only: "users" });
    expect(only.workers.map(({ domain }) => domain)).toEqual(["users"]);
    expect([only.databases.map(({ name }) => name), only.standing]).toEqual([["bilten-users"], ["bilten-auth"]]);
    expect(planOf(all, settings, { from: "sites" }).workers.map(({ domain }) => domain)).toEqual(["sites", "gateway"]);
    expect(() => planOf(all, settings, { only: "user" })).toThrow("There is no Worker user");
  });

  test("uploads nothing of development, and nothing of nobody's hosts", () => {
    for (const worker of all) {
      const { vars, routes } = deployedConfiguration(worker, settings, new Map());
      expect(JSON.stringify([vars, routes])).not.toContain("bilten.example");
      const other = { ...worker, configuration: { ...worker.configuration, vars: { ENVIRONMENT: "development" } } };
      expect(() => deployedConfiguration(other, settings, new Map())).toThrow('does not say ENVIRONMENT = "production"');
      const stranger = { ...worker.configuration.vars, NEW_HOST: "new.bilten.example" };
      expect(() =>
        deployedConfiguration({ ...worker, configuration: { ...worker.configuration, vars: stranger } }, settings, new Map()),
      ).toThrow("a deployment has no word for new.bilten.example");
    }
    expect(() => Settings.parse({ ...settings, apiHost: "api.elsewhere.test" })).toThrow("lies outside of the zone");
  });
});

const Resource = z.looseObject({
  location: z.string().optional(),
  kept: z.string().optional(),
  migrated: z.boolean().optional(),
});
const State = z.object({
  calls: z.array(z.array(z.string())),
  databases: z.record(z.string(), Resource),
  queues: z.record(z.string(), Resource),
  buckets: z.record(z.string(), Resource),
  workers: z.record(
    z.string(),
    z.looseObject({
      secrets: z.record(z.string(), z.string()),
      vars: z.record(z.string(), z.string()),
      routes: z.unknown().optional(),
    }),
  ),
});

/** Each run starts some sixty processes, on a machine that may be busy. */
describe("a run", { timeout: 60_000 }, () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bilten-deploy-test-"));
    said = [];
    write({ calls: [], databases: {}, queues: {}, buckets: {}, workers: {} });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (state: object) => writeFileSync(join(folder, "state.json"), JSON.stringify(state));
  const read = () => State.parse(JSON.parse(readFileSync(join(folder, "state.json"), "utf8")));
  const failOn = (command: string, failAfter: boolean) => write({ ...read(), failOn: command, failAfter });
  const means = (more: { makeSecrets?: boolean } = {}) => ({
    wrangler: async (args: string[]) => {
      const script = join(ROOT, "test/support/fake-wrangler.mjs");
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, join(folder, "state.json"), ...args], {
        cwd: ROOT,
        encoding: "utf8",
      });
      return { code: status ?? 1, output: stdout + stderr, answer: stdout };
    },
    say: (line: string) => said.push(line),
    secretsFile: join(folder, "secrets.json"),
    makeSecrets: true,
    ...more,
  });
  const stripe = { payments: { STRIPE_SECRET_KEY: "sk_test_value", STRIPE_WEBHOOK_SECRET: "none" } };
  const giveStripe = () => writeFileSync(join(folder, "secrets.json"), JSON.stringify(stripe));
  const go = (choice = {}, more = {}) => runPlan(planOf(all, settings, choice), settings, means(more));

  const expectWhole = () => {
    const { databases, queues, buckets, workers } = read();
    expect(Object.keys(workers)).toEqual(all.map(({ configuration }) => configuration.name));
    expect(Object.values(databases).every(({ migrated }) => migrated)).toBe(true);
    expect([databases["bilten-auth"]?.location, databases["bilten-payments-1"]?.location]).toEqual(["eeur", "apac"]);
    expect(queues["bilten-users-dead-letters"]?.kept).toBe("1209600");
    expect(queues["bilten-users-mailbox"]?.kept).toBeUndefined();
    expect(Object.keys(buckets)).toContain("bilten-provider-events");
    expect(workers["bilten-auth"]?.vars).toMatchObject({ ENVIRONMENT: "production", ISSUER: "https://api.tickets.test" });
    expect(workers["bilten-notifications"]?.vars).toMatchObject({
      SITES_BASE_HOST: "tickets.test",
      MAIL_FROM: "hello@tickets.test",
    });
    expect(workers["bilten-gateway"]?.routes).toEqual([
      { pattern: "api.tickets.test", custom_domain: true },
      { pattern: "*/*", zone_name: "tickets.test" },
    ]);
  };

  test("tells which secrets are missing and what for, before it makes anything", async () => {
    await expect(go({}, { makeSecrets: false })).rejects.toThrow("Secrets are missing");
    expect(said.join("\n")).toMatch(/missing\s+auth\s+KEY_ENCRYPTION_KEY\s+wraps the keys.*--make-secrets/);
    await expect(go()).rejects.toThrow("Secrets are missing");
    expect(said.at(-1)).toMatch(/missing\s+payments\s+STRIPE_WEBHOOK_SECRET/);
    // Made up and kept by nobody, a key that Cloudflare shows to nobody either.
    await expect(go({ only: "auth" }, { secretsFile: undefined })).rejects.toThrow("--make-secrets needs --secrets <file>");
    const { databases, queues, workers } = read();
    expect([databases, queues, workers]).toEqual([{}, {}, {}]);
  });

  test("makes everything, says no secret, and changes nothing that stands when it comes again", async () => {
    giveStripe();
    await go();
    expectWhole();
    const { workers, calls } = read();
    const secrets = Object.values(workers)
      .flatMap((worker) => Object.values(worker.secrets))
      .filter((value) => value !== "none");
    expect(secrets.length).toBe(7);
    expect(JSON.parse(workers["bilten-events"]?.secrets.TICKET_SIGNING_KEY ?? "")).toMatchObject({ kty: "OKP", crv: "Ed25519" });
    for (const secret of secrets) expect(JSON.stringify([said, calls])).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(statSync(join(folder, "secrets.json")).mode & 0o777).toBe(0o600);
    rmSync(join(folder, "secrets.json"));
    await go();
    expect(read().workers).toEqual(workers);
    expect(
      read()
        .calls.slice(calls.length)
        .filter((call) => call.includes("create") || call.includes("--secrets-file")),
    ).toEqual([]);
  });

  test.each([
    ["d1 create bilten-events", true],
    ["d1 migrations apply bilten-payments-1", true],
    ["deploy -c .wrangler/deployment/auth", true],
    ["deploy -c .wrangler/deployment/sites", false],
  ])("that fails at %s (done: %s) ends well when it is run again", async (command, done) => {
    giveStripe();
    failOn(command, done);
    await expect(go()).rejects.toThrow("The network is gone");
    const [, from] = /--from (\w+)/.exec(said.at(-1) ?? "") ?? [];
    expect(from).toBe(/deployment\/(\w+)/.exec(command)?.[1]);
    const held = read().workers;
    await go(from === undefined ? {} : { from });
    expectWhole();
    for (const [name, { secrets }] of Object.entries(held)) expect(read().workers[name]?.secrets).toEqual(secrets);
  });

  test("of one Worker is refused while one that it binds is not there", async () => {
    await expect(go({ only: "users" })).rejects.toThrow("bilten-auth is bound and was not deployed before");
    await go({ only: "auth" });
    await go({ only: "users" });
    expect(Object.keys(read().workers)).toEqual(["bilten-auth", "bilten-users"]);
  });

  test("stops where it cannot know which secrets there are, so that no good key is replaced", async () => {
    giveStripe();
    failOn("secret list", false);
    await expect(go()).rejects.toThrow("Which secrets has bilten-auth?");
    expect(read().calls).toHaveLength(2);
  });
});
