/** The gateway has no hono and no zod on the path that every request takes, so its three own operations are written out. */
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

export const ownPaths: Record<string, unknown> = {
  "/health": {
    get: {
      operationId: "getHealth",
      summary: "Whether every Worker answers",
      tags: ["platform"],
      security: [],
      responses: {
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
      tags: ["platform"],
      security: [],
      responses: {
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
      tags: ["platform"],
      security: [],
      responses: {
        200: { description: "HTML", content: { "text/html": { schema: { type: "string" }, example: "<!doctype html>" } } },
      },
    },
  },
};
