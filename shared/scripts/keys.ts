/**
 * Local values and secrets (rule 2): a git-ignored .dev.vars beside each wrangler.toml. Only what is missing is written, so that
 * codes, sessions and sealed keys of yesterday keep working, and a secret that a later version needs is added by itself.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readWorkers, type WorkerFiles } from "./configurations.ts";
import { DEFAULT_PORT, developmentVars, FOLLOWING_PORT, makeSecret, secretNames } from "./development.ts";

/** Single quotes: the values are base64url or JSON, and neither has one. */
const line = (name: string, value: string): string => `${name}='${value}'\n`;

/** Names that a .dev.vars text sets. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^\s*(?:export\s+)?(\w+)\s*=/gm)].map((match) => match[1] ?? ""));

/** What a run on another port wrote of itself. */
const LOCAL_PLACE = /^(?:http:\/\/localhost:\d+|\d*)$/;

/** What names the port follows the run; an origin that somebody chose himself stays. */
export const withPort = (text: string, values: Record<string, string>): string =>
  text.replace(
    /^(\s*(?:export\s+)?(\w+)\s*=\s*)(["']?)(.*?)\3[ \t]*$/gm,
    (whole, start: string, name: string, _, value: string) => {
      const wanted = values[name];
      const follows = FOLLOWING_PORT.includes(name) && wanted !== undefined && LOCAL_PLACE.test(value);
      return follows && wanted !== value ? `${start}'${wanted}'` : whole;
    },
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
    const kept = withPort(before, values);
    const missing = missingLines(worker, values, namesIn(kept));
    const gap = missing === "" || kept === "" || kept.endsWith("\n") ? "" : "\n";
    if (!existsSync(file) || kept + gap + missing !== before) writeFileSync(file, kept + gap + missing);
    chmodSync(file, 0o600);
  }
}
