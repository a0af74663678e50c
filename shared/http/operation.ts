import type { Hono, MiddlewareHandler } from "hono";
import { type DescribeRouteOptions, describeRoute, generateSpecs, resolver, uniqueSymbol } from "hono-openapi";
import type { z } from "zod";
import { ProblemBody } from "../contracts/problem-body";
import { PROBLEMS, type ProblemCode } from "../contracts/problems";
import type { DomainBindings } from "./app";
import { EXAMPLES } from "./examples";

export interface Answer {
  description: string;
  /** Absent where the answer has no JSON body. */
  schema?: z.ZodType;
  example?: unknown;
  /** Another media type than JSON, e.g. `text/html`. */
  contentType?: string;
  /** Of an answer that is one of several: pictures, or a picture in the place of the JSON. */
  contentTypes?: readonly string[];
}

export interface Operation {
  /** camelCase, unique in the whole API. */
  operationId: string;
  summary: string;
  description?: string;
  tags: [string];
  /** An example of the body that `form()` reads on the same route. */
  requestExample?: unknown;
  answers: Record<number, Answer>;
  /** Every code of the catalogue that this operation may answer beyond those that its guard and form add. */
  refusals?: readonly ProblemCode[];
  takesIdempotencyKey?: boolean;
}

/** The route's page in the OpenAPI document. Guards and `form()` on the same line add the security and the body. */
export function operation(o: Operation): MiddlewareHandler {
  const responses: NonNullable<DescribeRouteOptions["responses"]> = {};
  for (const [status, answer] of Object.entries(o.answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.schema
        ? {
            content: {
              [answer.contentType ?? "application/json"]: {
                schema: resolver(answer.schema),
                ...(answer.example === undefined ? {} : { example: answer.example }),
              },
              ...Object.fromEntries((answer.contentTypes ?? []).map((type) => [type, TEXT])),
            },
          }
        : contentOf(answer)),
    };
  }
  const refused = refusing(o.refusals ?? []);
  Object.assign(responses, refused.responses);
  const page = describeRoute({
    operationId: o.operationId,
    summary: o.summary,
    ...(o.description ? { description: o.description } : {}),
    tags: o.tags,
    ...refused,
    responses,
    parameters: [
      ...(o.takesIdempotencyKey ? [IDEMPOTENCY_KEY] : []),
      ...(o.refusals?.includes("version_stale") ? [IF_MATCH] : []),
      ...("304" in o.answers ? [IF_NONE_MATCH] : []),
    ],
    ...(o.requestExample === undefined ? {} : { [REQUEST_EXAMPLE]: o.requestExample }),
  } as DescribeRouteOptions);
  pages.add(page);
  return page;
}

const TEXT = { schema: { type: "string" as const } };

function contentOf({ contentType, contentTypes = [] }: Answer): object {
  const types = contentType ? [contentType, ...contentTypes] : contentTypes;
  if (types.length === 0) return {};
  return { content: Object.fromEntries(types.map((type) => [type, TEXT])) };
}

const pages = new WeakSet<object>();

/** True for what `operation()` made: it says something and does nothing, so that no request has to pass through it. */
export const isPage = (handler: object): boolean => pages.has(handler);

const PROBLEM_TYPE = "application/problem+json";

/** Where each part of a route leaves its codes until the document is written. */
const REFUSALS = "x-refusals";

/** Where `operation()` leaves the example until the document is written, because the body itself comes from `form()`. */
const REQUEST_EXAMPLE = "x-request-example";

const header = (name: string, description: string) => ({
  name,
  in: "header" as const,
  required: false,
  description,
  schema: { type: "string" as const },
});
const IF_MATCH = header("If-Match", "The `ETag` of what is changed; where it has changed since: 412.");
const IF_NONE_MATCH = header("If-None-Match", "The `ETag` of what is known; where it is still that: 304 without a body.");
const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description:
    "1 to 255 visible ASCII characters, bare or as a quoted string; the same key and body within 24 h is the first answer again.",
  schema: { type: "string" as const, maxLength: 257 },
};

/**
 * What a part of a route may refuse: its codes, and a response for each of their statuses. Parts of one line may share a status, so
 * `openapiOf` writes the responses' words and examples once all codes of the line are known.
 */
export const refusing = (codes: readonly ProblemCode[]): DescribeRouteOptions => ({
  responses: Object.fromEntries(
    codes.map((code) => [
      String(PROBLEMS[code].status),
      { description: "", content: { [PROBLEM_TYPE]: { schema: resolver(ProblemBody) } } },
    ]),
  ),
  ...{ [REFUSALS]: codes },
});

/** Gives a middleware of ours its part of the operation, the way hono-openapi's own validators do. */
export function documented<H extends MiddlewareHandler>(handler: H, spec: DescribeRouteOptions): H {
  return Object.assign(handler, { [uniqueSymbol]: { spec } });
}

/** The domain's document as JSON text; the gateway merges them into `/openapi.json`. */
export async function openapiOf<Bindings extends DomainBindings>(app: Hono<{ Bindings: Bindings }>): Promise<string> {
  const document = await generateSpecs(app, {
    documentation: { openapi: "3.1.0" },
    defaultValidationErrorResponse: false,
    excludeStaticFile: false,
  });
  const refused = new Set<ProblemCode>();
  for (const methods of Object.values(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      placeRequestExample(described);
      placeParameterExamples(described);
      placeCsrf(method, described);
      for (const code of placeRefusals(described)) refused.add(code);
    }
  }
  const examples = Object.fromEntries([...refused].sort().map((code) => [code, { value: exampleOf(code) }]));
  return JSON.stringify({ ...document, components: { ...document.components, examples } });
}

function placeRequestExample(described: unknown): void {
  if (typeof described !== "object" || described === null || !(REQUEST_EXAMPLE in described)) return;
  const { requestBody } = described as { requestBody?: { content?: Record<string, { example?: unknown }> } };
  for (const media of Object.values(requestBody?.content ?? {})) media.example = described[REQUEST_EXAMPLE];
  delete described[REQUEST_EXAMPLE];
}

/** An id in a path is filled in where somebody tries the operation, by the same ids that the bodies show. */
function placeParameterExamples(described: unknown): void {
  const { parameters = [] } = described as { parameters?: { name: string; in: string; required?: boolean; example?: unknown }[] };
  for (const parameter of parameters) {
    const example = EXAMPLES[parameter.name];
    if ((parameter.in === "path" || parameter.required) && example !== undefined) parameter.example ??= example;
  }
}

/** The guard of a route, which knows of cookies, does not know its method: what only reads needs no token beside the cookie. */
function placeCsrf(method: string, described: unknown): void {
  const operation = described as {
    security?: Record<string, string[]>[];
    responses: Record<string, unknown>;
    [REFUSALS]?: readonly ProblemCode[];
  };
  if (method !== "get") {
    // The guard's own list stands in other operations too.
    operation.security = operation.security?.map((one) => ("session" in one ? { ...one, csrf: [] } : one)) ?? [];
    return;
  }
  const codes = (operation[REFUSALS] ?? []).filter((code) => code !== "csrf_failed");
  operation[REFUSALS] = codes;
  if (!codes.some((code) => PROBLEMS[code].status === PROBLEMS.csrf_failed.status))
    delete operation.responses[PROBLEMS.csrf_failed.status];
}

/** One response a status, its description naming the codes, with an example of each. */
function placeRefusals(described: unknown): readonly ProblemCode[] {
  const { responses, [REFUSALS]: codes = [] } = described as {
    responses: Record<string, { description: string; content?: Record<string, { examples?: unknown }> }>;
    [REFUSALS]?: ProblemCode[];
  };
  delete (described as { [REFUSALS]?: unknown })[REFUSALS];
  const ofLine = [...new Set(codes)];
  for (const [status, response] of Object.entries(responses)) {
    const ofStatus = ofLine.filter((code) => String(PROBLEMS[code].status) === status);
    const problem = response.content?.[PROBLEM_TYPE];
    if (ofStatus.length === 0 || !problem) continue;
    response.description = ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; ");
    problem.examples = Object.fromEntries(ofStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  }
  return ofLine;
}

const exampleOf = (code: ProblemCode) => ({
  type: `https://bilten.example/problems/${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: PROBLEMS[code].title,
  code,
  requestId: "0197f3c2-7b1e-4cc3-98c4-dc0c0c0739aa",
  // What a client cannot do without (API.md).
  ...(code === "sold_out" ? { available: [{ ticketTypeId: EXAMPLES.ticketTypeId, available: 0 }] } : {}),
});
