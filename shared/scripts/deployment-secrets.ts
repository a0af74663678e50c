/** The secrets of a deployment: what each is for, and whether one can be made up. Their values are never printed. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { WorkerFiles } from "./configurations.ts";
import { makeSecret } from "./development.ts";

interface Purpose {
  purpose: string;
  /** False where somebody else gives it. */
  random: boolean;
}

export const SECRETS: Readonly<Record<string, Purpose>> = {
  KEY_ENCRYPTION_KEY: { purpose: "wraps the keys that sign access tokens", random: true },
  ACCOUNT_TOKEN_KEY: { purpose: "derives the tokens in mailed links", random: true },
  HOLD_KEY: { purpose: "derives hold ids and their secrets", random: true },
  TICKET_SIGNING_KEY: { purpose: "signs ticket codes: losing it ends every issued ticket", random: true },
  INVITATION_KEY: { purpose: "derives the tokens of invitations into teams", random: true },
  ORDER_KEY: { purpose: "derives order ids and guests' order tokens", random: true },
  STRIPE_SECRET_KEY: { purpose: 'asks Stripe (sk_…); "none" without Stripe', random: false },
  STRIPE_WEBHOOK_SECRET: { purpose: 'checks Stripe\'s webhooks (whsec_…); "none" without Stripe', random: false },
};

/** By domain, then by name: `{ "auth": { "KEY_ENCRYPTION_KEY": "…" } }`. */
const SecretValues = z.record(z.string(), z.record(z.string(), z.string().min(1)));
export type SecretValues = z.infer<typeof SecretValues>;

export const readSecrets = (file: string | undefined): SecretValues =>
  file !== undefined && existsSync(file) ? SecretValues.parse(JSON.parse(readFileSync(file, "utf8"))) : {};

export interface Missing {
  domain: string;
  name: string;
  purpose: string;
  random: boolean;
}

/** What a Worker needs that neither the account nor `values` has. */
export function missingSecrets(worker: WorkerFiles, deployed: readonly string[], values: SecretValues): Missing[] {
  const { domain, configuration } = worker;
  return (configuration.secrets?.required ?? [])
    .filter((name) => !deployed.includes(name) && values[domain]?.[name] === undefined)
    .map((name) => ({ domain, name, ...(SECRETS[name] ?? { purpose: "unknown to deployment-secrets.ts", random: false }) }));
}

/** Adds a fresh value for each, and keeps them in `file` before anything is sent. */
export function makeMissing(missing: readonly Missing[], values: SecretValues, file: string): SecretValues {
  const all = structuredClone(values);
  for (const { domain, name } of missing) all[domain] = { ...all[domain], [name]: makeSecret(name) };
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return all;
}
