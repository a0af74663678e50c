/** What a Worker gets in development in place of what its wrangler.toml says (rule 2), under `npm start` and under the tests. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { Configuration, WorkerDomain } from "./configurations.ts";

/** Two shards in development and in the tests, one in production: what only works with one must fail here (rule 19). */
const SHARDS = "2";

export const DEFAULT_PORT = "8787";
/** Where mails lead, what tokens name as their issuer, and the one origin that passkeys answer to. */
const localOrigin = (port: string): string => `http://localhost:${port}`;

/** Variables that say where the run listens, and are written anew when it listens elsewhere. */
export const FOLLOWING_PORT: readonly string[] = ["ISSUER", "API_ORIGIN", "LOCAL_PORT"];

/** `port`: where the run is going to listen, where that is known beforehand. */
export function developmentVars(domain: WorkerDomain, port?: string): Record<string, string> {
  const origin = localOrigin(port ?? DEFAULT_PORT);
  const own: Partial<Record<WorkerDomain, Record<string, string>>> = {
    gateway: { ISSUER: origin },
    auth: { ISSUER: origin },
    branding: { SITES_BASE_HOST: "localhost" },
    notifications: { API_ORIGIN: origin, SITES_BASE_HOST: "localhost" },
    events: { QUEUES_FORGET: "yes" },
    payments: { PAYMENTS_SHARDS: SHARDS, LOCAL_PORT: port ?? "", QUEUES_FORGET: "yes" },
  };
  return { ENVIRONMENT: "development", ...own[domain] };
}

/** A fresh value for a secret of this name: an Ed25519 private key (RFC 8037) for `…_SIGNING_KEY`, else 32 random bytes. */
export function makeSecret(name: string): string {
  if (!name.endsWith("_SIGNING_KEY")) return randomBytes(32).toString("base64url");
  return JSON.stringify(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }));
}

/** The secrets of a Worker: those that every deployment needs, and the `test` provider's, which only development has. */
export const secretNames = (domain: WorkerDomain, configuration: Configuration): string[] => [
  ...(configuration.secrets?.required ?? []),
  ...(domain === "payments" ? ["TEST_PROVIDER_SECRET"] : []),
];
