/**
 * An account in a file, for the tests of deploying: `node fake-wrangler.mjs <state.json> <command…>`. It knows the commands that the
 * plan has, refuses what the platform refuses, and fails once at the command that the state names, before or after what it does there.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const [stateFile, ...args] = process.argv.slice(2);
const state = JSON.parse(readFileSync(stateFile, "utf8"));
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const fail = (text) => {
  save();
  console.error(text);
  process.exit(1);
};
const save = () => writeFileSync(stateFile, JSON.stringify(state));

state.calls.push(args);
const failing = state.failOn !== undefined && args.join(" ").startsWith(state.failOn);
if (failing) delete state.failOn;
if (failing && !state.failAfter) fail("The network is gone");

function create(kind, name) {
  if (state[kind][name]) fail(`${name} exists already`);
  state[kind][name] = { location: option("--location"), kept: option("--message-retention-period-secs") };
}

function deploy() {
  const file = option("-c");
  const configuration = JSON.parse(readFileSync(file, "utf8"));
  const {
    name,
    services = [],
    d1_databases: databases = [],
    queues = {},
    r2_buckets: buckets = [],
    secrets = {},
  } = configuration;
  for (const { service } of services) if (!state.workers[service]) fail(`${name} binds ${service}, which does not exist`);
  for (const { database_id: id } of databases) {
    const database = Object.values(state.databases).find(({ uuid }) => uuid === id);
    if (!database?.migrated) fail(`${name} binds database ${id}, which is not there or not migrated`);
  }
  for (const { queue, dead_letter_queue: dead } of [...(queues.producers ?? []), ...(queues.consumers ?? [])])
    for (const needed of [queue, dead])
      if (needed && !state.queues[needed]) fail(`${name} wants queue ${needed}, which does not exist`);
  for (const { bucket_name: bucket } of buckets) if (!state.buckets[bucket]) fail(`no bucket ${bucket}`);
  const given = args.includes("--secrets-file") ? JSON.parse(readFileSync(option("--secrets-file"), "utf8")) : {};
  const held = { ...state.workers[name]?.secrets, ...given };
  for (const needed of secrets.required ?? [])
    if (!held[needed]) fail(`The following required secrets have not been set: ${needed}`);
  if (!existsSync(configuration.main)) fail(`no ${configuration.main}`);
  state.workers[name] = { secrets: held, vars: configuration.vars, routes: configuration.routes };
}

const commands = {
  whoami: () => console.log("{}"),
  "deployments list": () => state.workers[option("--name")] || fail("This Worker does not exist on your account. [code: 10007]"),
  "secret list": () => {
    const worker = state.workers[option("--name")] ?? fail("This Worker does not exist on your account. [code: 10007]");
    console.log(JSON.stringify(Object.keys(worker.secrets).map((name) => ({ name, type: "secret_text" }))));
  },
  "d1 list": () => console.log(JSON.stringify(Object.entries(state.databases).map(([name, { uuid }]) => ({ name, uuid })))),
  "d1 create": () => {
    create("databases", args[2]);
    state.databases[args[2]].uuid = `uuid-of-${args[2]}`;
  },
  "d1 migrations": () => {
    const { d1_databases: databases } = JSON.parse(readFileSync(option("-c"), "utf8"));
    const { migrations_dir: folder, database_id: id } = databases.find(({ database_name: name }) => name === args[3]);
    if (!existsSync(folder) || id !== state.databases[args[3]]?.uuid) fail(`no migrations in ${folder} for ${id}`);
    state.databases[args[3]].migrated = true;
  },
  "queues info": () => state.queues[args[2]] || fail(`Queue "${args[2]}" does not exist.`),
  "queues create": () => create("queues", args[2]),
  "queues update": () => {
    state.queues[args[2]].kept = option("--message-retention-period-secs");
  },
  "r2 bucket": () => {
    if (args[2] === "create") create("buckets", args[3]);
    else for (const name of Object.keys(state.buckets)) console.log(`name:           ${name}\ncreation_date:  2026-11-23\n`);
  },
  deploy,
};
const command = commands[args[0]] ?? commands[`${args[0]} ${args[1]}`] ?? (() => fail(`Unknown command: ${args.join(" ")}`));
command();
if (failing) fail("The network is gone");
save();
