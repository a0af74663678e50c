/**
 * What is committed names databases and hosts that are nobody's. A deployment writes configurations of its own from it, under
 * git-ignored .wrangler/deployment/, and never touches a committed file.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { ROOT, type WorkerFiles } from "./configurations.ts";
import { EXAMPLE_SETTINGS, type Settings } from "./deployment-settings.ts";

/** The vars that are each deployment's own. */
const VARS: Readonly<Record<string, (settings: Settings) => string>> = {
  ISSUER: ({ apiHost }) => `https://${apiHost}`,
  API_ORIGIN: ({ apiHost }) => `https://${apiHost}`,
  SITES_BASE_HOST: ({ sitesBaseHost }) => sitesBaseHost,
  MAIL_FROM: ({ mailFrom }) => mailFrom,
  PAYMENTS_SHARDS: ({ paymentsShards }) => String(paymentsShards),
  STRIPE_PUBLISHABLE_KEY: ({ stripePublishableKey }) => stripePublishableKey ?? "",
};

export const deployedConfigPath = ({ domain }: WorkerFiles): string => `.wrangler/deployment/${domain}/wrangler.json`;

/** `ids`: database ids by name, as the account knows them. A database that it does not name keeps the committed id. */
export function deployedConfiguration(
  worker: WorkerFiles,
  settings: Settings,
  ids: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const { configFolder, configPath, configuration } = worker;
  if (configuration.vars?.ENVIRONMENT !== "production") throw new Error(`${configPath} does not say ENVIRONMENT = "production"`);
  const committed = parse(readFileSync(join(ROOT, configPath), "utf8"));
  const vars = Object.entries(configuration.vars).map(([name, value]) => [name, VARS[name]?.(settings) ?? value]);
  const written = {
    ...committed,
    ...(settings.accountId ? { account_id: settings.accountId } : {}),
    main: join(ROOT, configFolder, configuration.main),
    vars: Object.fromEntries(vars),
    d1_databases: configuration.d1_databases.map((database) => ({
      ...database,
      database_id: ids.get(database.database_name) ?? database.database_id,
      ...(database.migrations_dir === undefined ? {} : { migrations_dir: join(ROOT, configFolder, database.migrations_dir) }),
    })),
    ...(configuration.routes === undefined
      ? {}
      : {
          routes: [
            { pattern: settings.apiHost, custom_domain: true },
            { pattern: "*/*", zone_name: settings.zone },
          ],
        }),
  };
  const left = /[\w@.:/-]*bilten\.example[\w/-]*/.exec(JSON.stringify(written.vars));
  if (left && settings.zone !== EXAMPLE_SETTINGS.zone) throw new Error(`${configPath}: a deployment has no word for ${left[0]}`);
  return written;
}

export function writeConfiguration(worker: WorkerFiles, settings: Settings, ids: ReadonlyMap<string, string>): void {
  const path = join(ROOT, deployedConfigPath(worker));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(deployedConfiguration(worker, settings, ids), null, 2)}\n`);
}
