import { Toucan } from "toucan-js";

/** What may be said of a request outside: no header, no query, no body, no address. */
export interface ErrorContext {
  requestId?: string;
  method?: string;
  /** The route's path without its query. */
  path?: string;
  /** What ran, where there is no request: a message's type, a sweep. */
  task?: string;
}

/** `SENTRY_DSN` is optional and stands in no wrangler.toml, so that a Worker's generated type does not know it. */
export interface ReportingEnv {
  ENVIRONMENT: string;
  SENTRY_DSN?: string;
}

interface Told {
  name: string;
  message: string;
  stack?: string;
}

/** drizzle's error for a failed query quotes the values that were bound, which are people's names and addresses. */
const quotesValues = (error: Error): boolean => "query" in error && "params" in error;

/** Without what a client or a row said: of a failed query only what the database said, which names tables, columns and constraints. */
export function tell(error: unknown): Told {
  if (!(error instanceof Error)) return { name: typeof error, message: typeof error === "string" ? error : "" };
  const { name, message } = error;
  if (!quotesValues(error)) return { name, message, ...(error.stack ? { stack: error.stack } : {}) };
  const said = error.cause instanceof Error ? error.cause.message : "a query failed";
  // The message stands at the head of the stack; where it does not, nobody knows what does.
  const at = error.stack?.indexOf(message) ?? -1;
  const frames = at === -1 ? "" : (error.stack?.slice(at + message.length) ?? "");
  return { name: "DrizzleQueryError", message: said, stack: `DrizzleQueryError: ${said}${frames}` };
}

/** What Sentry gets: a copy, because a reporter follows `cause` and reads every member. */
function copyOf({ name, message, stack }: Told): Error {
  const copy = new Error(message);
  copy.name = name;
  copy.stack = stack ?? `${name}: ${message}`;
  return copy;
}

/** Every bug goes to the log as one line of JSON, and to Sentry where `SENTRY_DSN` is set; the allow-list above is all that leaves. */
export function reportError(
  error: unknown,
  env: ReportingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  context: ErrorContext,
): void {
  const told = tell(error);
  console.error(JSON.stringify({ level: "error", ...told, ...context }));
  if (!env.SENTRY_DSN) return;
  // No `request` is handed over: then nothing of it can leave by default.
  const sentry = new Toucan({ dsn: env.SENTRY_DSN, context: { waitUntil: (promise) => ctx.waitUntil(promise) } });
  sentry.setTags({ request_id: context.requestId, method: context.method, task: context.task });
  sentry.setExtra("path", context.path);
  sentry.captureException(copyOf(told));
}
