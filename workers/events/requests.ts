/** What a request says of the event that it is about, of its version, and of what may come after the answer. */
import type { Context } from "hono";
import { checkIfMatch, etagOfVersion } from "../../shared/http/etag";
import { pathId } from "../../shared/http/form";
import type { Env, Later } from "./environment";

export type EventsContext = Context<{ Bindings: Env }>;

export const eventIdOf = (c: Context): string => pathId(c, "eventId", "event_not_found");

export const laterOf = (c: Context): Later => ({
  waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  traceparent: c.req.header("traceparent"),
});

export const ifMatch = (c: Context) => (version: number) => checkIfMatch(c, etagOfVersion(version));
