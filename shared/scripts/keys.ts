/**
 * Local values and secrets (rule 2): a git-ignored .dev.vars beside each wrangler.toml. Only what is missing is written, so that
 * codes, sessions and sealed keys of yesterday keep working, and a secret that a later version needs is added by itself.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readWorkers, type WorkerFiles } from "./configurations.ts";
import { DEFAULT_PORT, developmentVars, makeSecret, secretNames } from "./development.ts";

/** Single quotes: the values are base64url or JSON, and neither has one. */
const line = (name: string, value: string): string => `${name}='${value}'\n`;

/** Names that a .dev.vars text sets. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^\s*(?:export\s+)?(\w+)\s*=/gm)].map((match) => match[1] ?? ""));

/** The mails' links follow the port of the run; an origin that somebody chose himself stays. */
export const withOrigin = (text: string, origin: string): string =>
  text.replace(
    /^(\s*(?:export\s+)?API_ORIGIN\s*=\s*)(["']?)http:\/\/localhost:\d+\2[ \t]*$/m,
    (_, name: string) => `${name}'${origin}'`,
  );

function missingLines({ domain, configuration }: WorkerFiles, values: Record<string, string>, present: Set<string>): string {
  const secrets = secretNames(domain, configuration).filter((name) => !present.has(name));
  return [
    ...Object.entries(values)
      .filter(([name]) => !present.has(name))
      .map(([name, value]) => line(name, value)),
    ...secrets.map((name) => line(name, makeSecret(name))),
  ].join("");
}

export function makeKeys(port = DEFAULT_PORT): void {
  for (const worker of readWorkers()) {
    const file = join(ROOT, worker.configFolder, ".dev.vars");
    const values = developmentVars(worker.domain, port);
    const before = existsSync(file) ? readFileSync(file, "utf8") : "";
    const kept = values.API_ORIGIN === undefined ? before : withOrigin(before, values.API_ORIGIN);
    const missing = missingLines(worker, values, namesIn(kept));
    const gap = missing === "" || kept === "" || kept.endsWith("\n") ? "" : "\n";
    if (!existsSync(file) || kept + gap + missing !== before) writeFileSync(file, kept + gap + missing);
    chmodSync(file, 0o600);
  }
}
