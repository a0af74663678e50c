/** The wrangler.toml files as data, for the scripts and for the tests that hold the house to its rules. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { z } from "zod";
import { DOMAINS, type Domain } from "../contracts/domain.ts";

export const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

/** What the house reads of a wrangler.toml; other keys pass. */
const Configuration = z.looseObject({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  workers_dev: z.boolean().optional(),
  preview_urls: z.boolean().optional(),
  routes: z.array(z.unknown()).optional(),
  triggers: z.looseObject({ crons: z.array(z.string()).optional() }).optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
  secrets: z.looseObject({ required: z.array(z.string()).optional() }).optional(),
  d1_databases: z
    .array(
      z.looseObject({
        binding: z.string(),
        database_name: z.string(),
        database_id: z.string(),
        migrations_dir: z.string().optional(),
      }),
    )
    .default([]),
  durable_objects: z
    .looseObject({
      bindings: z.array(z.looseObject({ name: z.string(), class_name: z.string(), script_name: z.string().optional() })),
    })
    .optional(),
  exports: z.record(z.string(), z.looseObject({ type: z.string(), storage: z.string().optional() })).default({}),
  queues: z
    .looseObject({
      producers: z.array(z.looseObject({ binding: z.string(), queue: z.string() })).default([]),
      consumers: z
        .array(
          z.looseObject({
            queue: z.string(),
            dead_letter_queue: z.string().optional(),
            max_batch_size: z.int().optional(),
            max_retries: z.int().optional(),
          }),
        )
        .default([]),
    })
    .default({ producers: [], consumers: [] }),
  services: z
    .array(
      z.looseObject({
        binding: z.string(),
        service: z.string(),
        entrypoint: z.string().optional(),
        props: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default([]),
  ratelimits: z.array(z.looseObject({ name: z.string(), simple: z.object({ limit: z.int(), period: z.int() }) })).default([]),
  r2_buckets: z.array(z.looseObject({ binding: z.string(), bucket_name: z.string() })).default([]),
});
export type Configuration = z.infer<typeof Configuration>;

export type WorkerDomain = Domain | "gateway";

export interface WorkerFiles {
  domain: WorkerDomain;
  /** Relative to the root, with forward slashes. */
  configPath: string;
  /** The folder that holds wrangler.toml and .dev.vars, relative to the root. */
  configFolder: string;
  folder: string;
  configuration: Configuration;
}

function readWorker(domain: WorkerDomain): WorkerFiles {
  const folder = `workers/${domain}`;
  const configFolder = domain === "gateway" ? "." : folder;
  const configPath = domain === "gateway" ? "wrangler.toml" : `${folder}/wrangler.toml`;
  const configuration = Configuration.parse(parse(readFileSync(join(ROOT, configPath), "utf8")));
  return { domain, configPath, configFolder, folder, configuration };
}

/** All Workers in deploy order: each may bind those before it, the gateway is the last. */
export const readWorkers = (): WorkerFiles[] => [...DOMAINS, "gateway" as const].map(readWorker);

/** In the order that `wrangler dev` wants: the first one has the port. */
export const gatewayFirst = (workers: WorkerFiles[]): WorkerFiles[] => [
  ...workers.filter((worker) => worker.domain === "gateway"),
  ...workers.filter((worker) => worker.domain !== "gateway"),
];

export const domainOfService = (service: string): string => service.replace(/^bilten-/, "");
