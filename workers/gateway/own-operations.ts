/** The gateway has no hono and no zod on the path that every request takes, so its three own operations are written out. */
import type { ProblemCode } from "../../shared/contracts/problems";

const states = { type: "string", enum: ["ok", "down"] };
const healthSchema = {
  type: "object",
  required: ["status", "services"],
  properties: {
    status: { type: "string", enum: ["ok", "unavailable"] },
    services: { type: "object", additionalProperties: states },
  },
};
const healthy = { status: "ok", services: { gateway: "ok", auth: "ok", events: "ok" } };

/** As the domains' guards say it: a credential that was sent must be good, and everybody has a limit. */
const refusal = (...codes: ProblemCode[]) => ({
  description: codes.map((code) => `\`${code}\``).join("; "),
  content: {
    "application/problem+json": {
      schema: { $ref: "#/components/schemas/Problem" },
      examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
    },
  },
});
const open = {
  tags: ["platform"],
  security: [],
  "x-permission": "anyone",
};
const refusals = {
  401: refusal("credential_invalid", "credential_expired", "token_stale"),
  429: refusal("rate_limited"),
};

export const ownPaths: Record<string, unknown> = {
  "/health": {
    get: {
      operationId: "getHealth",
      summary: "Whether every Worker answers",
      ...open,
      responses: {
        ...refusals,
        200: { description: "All of them answer", content: { "application/json": { schema: healthSchema, example: healthy } } },
        503: {
          description: "One or more do not answer yet",
          content: {
            "application/json": {
              schema: healthSchema,
              example: { status: "unavailable", services: { ...healthy.services, events: "down" } },
            },
          },
        },
      },
    },
  },
  "/openapi.json": {
    get: {
      operationId: "getOpenapiDocument",
      summary: "This document",
      ...open,
      responses: {
        ...refusals,
        200: {
          description: "OpenAPI 3.1",
          content: {
            "application/json": {
              schema: { type: "object" },
              example: { openapi: "3.1.0", info: { title: "Bilten", version: "1" } },
            },
          },
        },
      },
    },
  },
  "/docs": {
    get: {
      operationId: "getDocsPage",
      summary: "The page to read and try the API",
      ...open,
      responses: {
        ...refusals,
        200: { description: "HTML", content: { "text/html": { schema: { type: "string" }, example: "<!doctype html>" } } },
      },
    },
  },
};
