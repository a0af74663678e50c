/** The document that the house publishes in development, written without starting it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DOMAINS } from "../contracts/domain.ts";
import { ROOT } from "./configurations.ts";
import "./extensionless.ts";

/** Imported by its name at run time: a Worker's own environment types are not this script's. */
const load = (path: string) => import(pathToFileURL(join(ROOT, path)).href);

export async function writeDocument(): Promise<string> {
  const { openapiOf } = await load("shared/http/operation.ts");
  const { mergeDocuments } = await load("workers/gateway/merged-document.ts");
  const texts: string[] = [];
  // Pages for people are no operations: sites has none.
  for (const domain of DOMAINS.filter((name) => name !== "sites")) {
    const { app } = await load(`workers/${domain}/routes.ts`);
    texts.push(await openapiOf(app));
  }
  return mergeDocuments(texts, "development");
}
