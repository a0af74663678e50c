import { DOMAINS } from "../../shared/contracts/domain";
import { doorsOf } from "./doors";
import { ownPaths } from "./own-operations";

interface Document {
  paths?: Record<string, unknown>;
  components?: { schemas?: Record<string, unknown> };
}

const INFO = {
  title: "Bilten",
  version: "1",
  description:
    "Event ticketing: organizers publish, buyers reserve and pay, doors scan. Every path answers with and without the prefix `/v1`. Money is an integer in the currency's minor unit, times are RFC 3339 in UTC, errors are RFC 9457 problem details with a stable `code`. Clients must accept values of enumerations and members of objects that they do not know.",
  license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
};

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "An access token (JWT), an API key (`bk_…`), an order's token (`bo_…`) or a hold's secret (`bh_…`), where the operation takes it.",
  },
};

/** Written once an isolate: the documents change with a deploy only. */
let written: string | undefined;

/** One OpenAPI 3.1 document out of the domains' own. `/dev/*` is in it in development only, where it exists. */
export async function openapiDocument(env: GatewayEnv): Promise<Response> {
  written ??= await write(env);
  return new Response(written, { headers: { "content-type": "application/json", "cache-control": "public, max-age=60" } });
}

async function write(env: GatewayEnv): Promise<string> {
  const doors = doorsOf(env);
  const documents: Document[] = await Promise.all(DOMAINS.map(async (domain) => JSON.parse(await doors[domain].openapi())));
  const paths: Record<string, unknown> = { ...ownPaths };
  const schemas: Record<string, unknown> = {};
  for (const document of documents) {
    for (const [path, operations] of Object.entries(document.paths ?? {})) {
      if (env.ENVIRONMENT === "development" || !path.startsWith("/dev/")) paths[path] = operations;
    }
    Object.assign(schemas, document.components?.schemas);
  }
  return JSON.stringify({
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: "/v1" }, { url: "/" }],
    paths: sorted(paths),
    components: { schemas: sorted(schemas), securitySchemes: SECURITY_SCHEMES },
  });
}

const sorted = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
