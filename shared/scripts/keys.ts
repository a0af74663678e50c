/**
 * Local values and secrets (rule 2): a git-ignored .dev.vars beside each wrangler.toml. Only what is missing is written, so that
 * codes, sessions and sealed keys of yesterday keep working, and a secret that a later version needs is added by itself.
 */
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readWorkers, type WorkerFiles } from "./configurations.ts";
import { developmentVars, makeSecret, secretNames } from "./development.ts";

/** Single quotes: the values are base64url or JSON, and neither has one. */
const line = (name: string, value: string): string => `${name}='${value}'\n`;

/** Names that a .dev.vars text sets. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^\s*(?:export\s+)?(\w+)\s*=/gm)].map((match) => match[1] ?? ""));

function missingLines({ domain, configuration }: WorkerFiles, present: Set<string>): string {
  const values = Object.entries(developmentVars(domain));
  const secrets = secretNames(domain, configuration).filter((name) => !present.has(name));
  return [
    ...values.filter(([name]) => !present.has(name)).map(([name, value]) => line(name, value)),
    ...secrets.map((name) => line(name, makeSecret(name))),
  ].join("");
}

export function makeKeys(): void {
  for (const worker of readWorkers()) {
    const file = join(ROOT, worker.configFolder, ".dev.vars");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const missing = missingLines(worker, namesIn(text));
    if (!existsSync(file)) writeFileSync(file, missing);
    else if (missing) appendFileSync(file, text === "" || text.endsWith("\n") ? missing : `\n${missing}`);
    chmodSync(file, 0o600);
  }
}
