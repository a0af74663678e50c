import type { Hono, MiddlewareHandler } from "hono";
import { type DescribeRouteOptions, describeRoute, generateSpecs, resolver, uniqueSymbol } from "hono-openapi";
import type { z } from "zod";
import { ProblemBody } from "../contracts/problem-body";
import { PROBLEMS, type ProblemCode } from "../contracts/problems";
import type { DomainBindings } from "./app";

export interface Answer {
  description: string;
  /** Absent where the answer has no JSON body. */
  schema?: z.ZodType;
  example?: unknown;
  /** Another media type than JSON, e.g. `text/html`. */
  contentType?: string;
  /** Of an answer without a schema that is one of several: pictures. */
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
            },
          }
        : contentOf(answer)),
    };
  }
  Object.assign(responses, refusalResponses(o.refusals ?? []));
  const page = describeRoute({
    operationId: o.operationId,
    summary: o.summary,
    ...(o.description ? { description: o.description } : {}),
    tags: o.tags,
    responses,
    ...(o.takesIdempotencyKey ? { parameters: [IDEMPOTENCY_KEY] } : {}),
    ...(o.requestExample === undefined ? {} : { [REQUEST_EXAMPLE]: o.requestExample }),
  } as DescribeRouteOptions);
  pages.add(page);
  return page;
}

function contentOf({ contentType, contentTypes = [] }: Answer): object {
  const types = contentType ? [contentType, ...contentTypes] : contentTypes;
  if (types.length === 0) return {};
  return { content: Object.fromEntries(types.map((type) => [type, { schema: { type: "string" } }])) };
}

const pages = new WeakSet<object>();

/** True for what `operation()` made: it says something and does nothing, so that no request has to pass through it. */
export const isPage = (handler: object): boolean => pages.has(handler);

/** Where `operation()` leaves the example until the document is written, because the body itself comes from `form()`. */
const REQUEST_EXAMPLE = "x-request-example";

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description:
    "1 to 255 visible ASCII characters, bare or as a quoted string; the same key and body within 24 h is the first answer again.",
  schema: { type: "string" as const, maxLength: 257 },
};

/** One response a status, its description naming the codes. */
export function refusalResponses(codes: readonly ProblemCode[]): NonNullable<DescribeRouteOptions["responses"]> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
        content: {
          "application/problem+json": {
            schema: resolver(ProblemBody),
            example: {
              type: `https://bilten.example/problems/${ofStatus[0]}`,
              title: PROBLEMS[ofStatus[0] as ProblemCode].title,
              status,
              detail: PROBLEMS[ofStatus[0] as ProblemCode].title,
              code: ofStatus[0],
              requestId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
            },
          },
        },
      },
    ]),
  );
}

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
  for (const methods of Object.values(document.paths))
    for (const described of Object.values(methods)) placeRequestExample(described);
  return JSON.stringify(document);
}

function placeRequestExample(described: unknown): void {
  if (typeof described !== "object" || described === null || !(REQUEST_EXAMPLE in described)) return;
  const { requestBody } = described as { requestBody?: { content?: Record<string, { example?: unknown }> } };
  for (const media of Object.values(requestBody?.content ?? {})) media.example = described[REQUEST_EXAMPLE];
  delete described[REQUEST_EXAMPLE];
}
