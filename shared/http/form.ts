import type { Context, Env, MiddlewareHandler } from "hono";
import { type DescribeRouteOptions, resolver } from "hono-openapi";
import { z } from "zod";
import { UUID_PATTERN } from "../contracts/ids";
import type { ProblemCode, Refusal } from "../contracts/problems";
import type { Result } from "../contracts/result";
import { readBytesOnce } from "./body";
import { documented, refusing } from "./operation";
import { Problem } from "./problem";

const MAX_ERRORS = 50;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** JSON Pointer (RFC 6901) of a path into the body. */
const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export function errorsOf(error: z.ZodError): { pointer: string; message: string }[] {
  return error.issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ pointer: pointer([...issue.path, key]), message: "is not a field of this body" }))
        : [{ pointer: pointer(issue.path), message: issue.message }],
    )
    .slice(0, MAX_ERRORS);
}

/** The body as the schema's type, or the refusal that says where it is wrong. For routes that must know more before they answer 400. */
export async function readForm<S extends z.ZodType>(
  c: Context,
  schema: S,
): Promise<Result<z.output<S>, Refusal<"invalid_json" | "invalid_body">>> {
  const bytes = await readBytesOnce(c.req.raw);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return NOT_JSON;
  }
  return parseForm(text, schema);
}

const NOT_JSON = {
  ok: false as const,
  error: { code: "invalid_json" as const, errors: [{ pointer: "", message: "is not JSON in UTF-8" }] },
};

/** The same of a text that somebody has read. */
export function parseForm<S extends z.ZodType>(
  text: string,
  schema: S,
): Result<z.output<S>, Refusal<"invalid_json" | "invalid_body">> {
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, error: { code: "invalid_body", errors: errorsOf(parsed.error) } };
}

type FormEnv<S extends z.ZodType> = { Variables: { form: z.output<S> } };

/**
 * Reads and checks the JSON body after the guard let the caller in; the handler finds it as `c.var.form`. `beforeRefusing` throws the
 * route's 404 where existence is the handler's to find out: it comes before the 400, and a good form need not wait for it.
 */
export function form<S extends z.ZodType, E extends Env = Env>(
  schema: S,
  beforeRefusing?: (c: Context<E>) => Promise<void>,
): MiddlewareHandler<FormEnv<S>> {
  const handler: MiddlewareHandler<FormEnv<S>> = async (c, next) => {
    const read = await readForm(c, schema);
    if (!read.ok) {
      await beforeRefusing?.(c as unknown as Context<E>);
      throw new Problem(read.error.code, read.error);
    }
    c.set("form", read.value);
    await next();
  };
  return documented(handler as MiddlewareHandler, bodySpec(schema)) as MiddlewareHandler<FormEnv<S>>;
}

/** The document's part of a body that a handler reads by `readForm` itself. */
export const bodySpec = (schema: z.ZodType): DescribeRouteOptions => ({
  requestBody: { required: !schema.safeParse(undefined).success, content: { "application/json": { schema: resolver(schema) } } },
  ...refusing(["invalid_json", "invalid_body", "payload_too_large"]),
});

/** A `POST` without a documented body takes none or `{}`. */
export const NoBody = z.strictObject({}).optional();

type QueryEnv<S extends z.ZodType> = { Variables: { query: z.output<S> } };

/** The query's documented parameters; others are ignored, as proxies and links add their own. `beforeRefusing` as of `form`. */
export function query<S extends z.ZodObject, E extends Env = Env>(
  schema: S,
  beforeRefusing?: (c: Context<E>) => Promise<void>,
): MiddlewareHandler<QueryEnv<S>> {
  const handler: MiddlewareHandler<QueryEnv<S>> = async (c, next) => {
    const parsed = schema.safeParse(c.req.query());
    if (!parsed.success) {
      await beforeRefusing?.(c as unknown as Context<E>);
      throw new Problem("invalid_query", { errors: errorsOf(parsed.error) });
    }
    c.set("query", parsed.data);
    await next();
  };
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const parameters = Object.entries(properties).map(([name, property]) => ({
    name,
    in: "query" as const,
    required: required.includes(name),
    schema: typeof property === "boolean" ? {} : property,
  }));
  return documented(
    handler as MiddlewareHandler,
    {
      parameters,
      ...refusing("cursor" in properties ? ["invalid_query", "invalid_cursor"] : ["invalid_query"]),
    } as DescribeRouteOptions,
  ) as MiddlewareHandler<QueryEnv<S>>;
}

/** A path id that cannot exist reads like one that does not. */
export function pathId(c: Context, name: string, notFound: ProblemCode): string {
  const id = c.req.param(name);
  if (id === undefined || !UUID_PATTERN.test(id)) throw new Problem(notFound);
  return id.toLowerCase();
}

/** The value, or the refusal as the route's answer. */
export function unwrap<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw new Problem(result.error.code, result.error);
  return result.value;
}
