/** How a buyer's request goes on to the domain that decides it: by that domain's own HTTP door, as the caller whom the gateway named. */
import type { Context } from "hono";
import type { z } from "zod";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { ok, type Result, refuse } from "../../shared/contracts/result";

/** What the gateway said of the caller and the request, and what he reads; nothing is added to it here (rule 1). */
const FORWARDED = [
  INTERNAL_HEADERS.principal,
  INTERNAL_HEADERS.address,
  INTERNAL_HEADERS.organizer,
  "accept-language",
  "x-request-id",
  "traceparent",
];

interface Call {
  path: string;
  /** GET, or POST with a body. */
  method?: "DELETE" | "PUT";
  body?: unknown;
  idempotencyKey?: string;
  /** What the reader's key opens has nothing to do with it: asked as by anybody. */
  asNobody?: boolean;
}

export async function ask<S extends z.ZodType>(
  c: Context,
  door: Fetcher,
  schema: S,
  { path, method, body, idempotencyKey, asNobody = false }: Call,
): Promise<Result<z.output<S>, ProblemBody>> {
  const headers = new Headers();
  for (const name of FORWARDED) {
    const value = c.req.header(name);
    if (value !== undefined && !(asNobody && name === INTERNAL_HEADERS.principal)) headers.set(name, value);
  }
  if (idempotencyKey !== undefined) headers.set("idempotency-key", idempotencyKey);
  if (body !== undefined) headers.set("content-type", "application/json");
  const init = body === undefined ? { method: method ?? "GET" } : { method: method ?? "POST", body: JSON.stringify(body) };
  const response = await door.fetch(new Request(new URL(path, c.req.url), { ...init, headers }));
  const said: unknown = response.status === 204 ? null : await response.json();
  return response.ok ? ok(schema.parse(said)) : refuse(ProblemBody.parse(said));
}
