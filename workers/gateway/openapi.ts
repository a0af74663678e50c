import { DOMAINS } from "../../shared/contracts/domain";
import { doorsOf } from "./doors";
import { mergeDocuments } from "./merged-document";

/** Written once an isolate: the documents change with a deploy only. */
let written: string | undefined;

export async function openapiDocument(env: GatewayEnv): Promise<Response> {
  written ??= await write(env);
  return new Response(written, { headers: { "content-type": "application/json", "cache-control": "public, max-age=60" } });
}

async function write(env: GatewayEnv): Promise<string> {
  const doors = doorsOf(env);
  return mergeDocuments(await Promise.all(DOMAINS.map((domain) => doors[domain].openapi())), env.ENVIRONMENT);
}
