/**
 * The Worker inside which the runtime tests run: events as its wrangler.toml has it, without its siblings, with every other
 * domain's database beside its own, so that each domain's SQL can be tried against the real SQLite.
 */
import { join } from "node:path";
import { type D1Migration, readD1Migrations } from "@cloudflare/vitest-plugin";
import { ROOT, readWorkers } from "../../shared/scripts/configurations.ts";
import { developmentVars, makeSecret, secretNames } from "../../shared/scripts/development.ts";

/** `bilten-payments-0` is bound as `PAYMENTS_0_DB`; events keeps its `DB`. */
const bindingOf = (database: string): string =>
  `${database
    .replace(/^bilten-/, "")
    .replace(/-/g, "_")
    .toUpperCase()}_DB`;

export async function runtimeOptions() {
  const workers = readWorkers();
  const databases: Record<string, string> = {};
  const migrations: Record<string, D1Migration[]> = {};
  const secrets: Record<string, string> = {};
  const siblings: Record<string, () => Response> = {};
  const buckets: Record<string, string> = {};
  for (const { domain, configFolder, configuration } of workers) {
    for (const database of configuration.d1_databases) {
      databases[domain === "events" ? database.binding : bindingOf(database.database_name)] = `runtime-${database.database_name}`;
      if (database.migrations_dir)
        migrations[domain] = await readD1Migrations(join(ROOT, configFolder, database.migrations_dir)).catch(() => []);
    }
    for (const { binding, bucket_name } of configuration.r2_buckets) buckets[binding] = `runtime-${bucket_name}`;
    for (const name of secretNames(domain, configuration)) secrets[name] = makeSecret(name);
    if (domain !== "events") continue;
    for (const { binding } of configuration.services) {
      siblings[binding] = () => new Response("The runtime tests run without sibling Workers.", { status: 503 });
    }
  }
  return {
    wrangler: { configPath: join(ROOT, "workers/events/wrangler.toml") },
    miniflare: {
      d1Databases: databases,
      r2Buckets: buckets,
      serviceBindings: siblings,
      bindings: { ...developmentVars("events"), ...secrets, MIGRATIONS: migrations, LEDGER_SEED: process.env.LEDGER_SEED ?? "" },
    },
  };
}
