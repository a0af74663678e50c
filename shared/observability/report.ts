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

/** Every bug goes to the log as one line of JSON, and to Sentry where `SENTRY_DSN` is set; the allow-list above is all that leaves. */
export function reportError(
  error: unknown,
  env: ReportingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  context: ErrorContext,
): void {
  const name = error instanceof Error ? error.name : typeof error;
  const message = error instanceof Error ? error.message : String(error);
  console.error(
    JSON.stringify({ level: "error", name, message, stack: error instanceof Error ? error.stack : undefined, ...context }),
  );
  if (!env.SENTRY_DSN) return;
  // No `request` is handed over: then nothing of it can leave by default.
  const sentry = new Toucan({ dsn: env.SENTRY_DSN, context: { waitUntil: (promise) => ctx.waitUntil(promise) } });
  sentry.setTags({ request_id: context.requestId, method: context.method, task: context.task });
  sentry.setExtra("path", context.path);
  sentry.captureException(error);
}
