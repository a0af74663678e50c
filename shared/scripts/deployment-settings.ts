/** What a deployment is told once, in git-ignored deployment.json: its account, its hosts, where its data stands. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./configurations.ts";

export const SETTINGS_FILE = "deployment.json";

/** Cloudflare's hints, which count when a database or bucket is made and never again. */
const Location = z.enum(["weur", "eeur", "apac", "oc", "wnam", "enam"]);
const Host = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "is no host name");

export const Settings = z
  .strictObject({
    /** Needed where the token may see several accounts. */
    accountId: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    /** The zone at Cloudflare that all hosts below lie in. */
    zone: Host,
    /** Where the API answers; tokens name it as their issuer. */
    apiHost: Host,
    /** Organizers' sites are `<slug>.` in front of it. */
    sitesBaseHost: Host,
    /** The address that mails come from, in a domain that is onboarded to Email Service. */
    mailFrom: z.email(),
    /** Of every database and bucket that `locations` does not name. */
    location: Location,
    /** By database or bucket: `{ "bilten-payments-1": "eeur" }`. */
    locations: z.record(z.string(), Location).default({}),
    /** 1 or 2. Another number later changes the ids that keys derive: see the README. */
    paymentsShards: z.int().min(1).max(2).default(1),
    /** Stripe's publishable key; without it the pages do not offer Stripe. */
    stripePublishableKey: z
      .string()
      .regex(/^pk_(test|live)_\w+$/)
      .optional(),
  })
  .refine(({ zone, apiHost }) => apiHost.endsWith(`.${zone}`), { path: ["apiHost"], message: "lies outside of the zone" })
  .refine(({ zone, sitesBaseHost }) => sitesBaseHost === zone || sitesBaseHost.endsWith(`.${zone}`), {
    path: ["sitesBaseHost"],
    message: "lies outside of the zone",
  });
export type Settings = z.infer<typeof Settings>;

/** What the committed files name, which is nobody's: enough for a plan and a build. */
export const EXAMPLE_SETTINGS: Settings = Settings.parse({
  zone: "bilten.example",
  apiHost: "api.bilten.example",
  sitesBaseHost: "sites.bilten.example",
  mailFrom: "tickets@bilten.example",
  location: "weur",
});

/** Null where there is no such file. Throws with every fault of it. */
export function readSettings(file: string): Settings | null {
  const path = join(ROOT, file);
  if (!existsSync(path)) return null;
  const parsed = Settings.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Error(`${file}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
