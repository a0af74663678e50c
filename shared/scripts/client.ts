/** The typed client, written from the document into git-ignored dist/ each time: nothing to commit, nothing to go stale. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./configurations.ts";
import { writeDocument } from "./document.ts";
import { runTool } from "./processes.ts";

const CLIENT = join(ROOT, "dist/client.ts");
/** Its runtime wants a browser's own types, which are workerd's here; what it exports is as typed as ever. */
const UNCHECKED = `// @ts-${"nocheck"}\n`;

/** True when it was written. */
export async function writeClient(): Promise<boolean> {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(join(ROOT, "dist/openapi.json"), await writeDocument());
  const { code, output } = await runTool("redocly", ["generate-client", "dist/openapi.json", "--output", "dist/client.ts"]);
  if (code !== 0) console.error(`dist/client.ts was not written from the document:\n${output}`);
  else writeFileSync(CLIENT, UNCHECKED + readFileSync(CLIENT, "utf8"));
  return code === 0;
}
