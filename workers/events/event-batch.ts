/** The one way in which D1 follows: a guarded batch on the event's version, and the news in the same batch. */

import type { Envelope } from "../../shared/contracts/messages";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce, deliver, type Mailboxes } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { envelope } from "../../shared/queue/envelope";
import type { Env, Later } from "./environment";
import { forgetEvent } from "./remembered-events";
import type { EventRow } from "./schema";
import type { StoredEvent } from "./stored-event";

const SOURCE = "/events";

export const mailboxes = (env: Env): Mailboxes => ({
  search: env.SEARCH_MAILBOX,
  payments: env.PAYMENTS_MAILBOX,
  notifications: env.NOTIFICATIONS_MAILBOX,
});

/** A typed query as a statement of a batch. */
export function statement(env: Env, query: { toSQL(): { sql: string; params: unknown[] } }): D1PreparedStatement {
  const { sql, params } = query.toSQL();
  return env.DB.prepare(sql).bind(...params);
}

/** What others hear of the event as it now stands; nobody hears of a draft. */
export function newsOf(event: EventRow, nowMs: number, traceparent: string | undefined): Envelope[] {
  const about = { subject: event.id, version: event.version, nowMs, traceparent };
  const data = { eventId: event.id, organizerId: event.organizerId };
  switch (event.status) {
    case "published":
      return [envelope(SOURCE, { ...about, type: "event.changed", data })];
    case "completed":
      return [envelope(SOURCE, { ...about, type: "event.completed", data })];
    case "cancelled":
      return [envelope(SOURCE, { ...about, type: "event.cancelled", data })];
    default:
      return [];
  }
}

export const newsOfMove = (event: EventRow, nowMs: number, traceparent: string | undefined): Envelope =>
  envelope(SOURCE, {
    type: "event.moved",
    subject: event.id,
    version: event.version,
    data: { eventId: event.id, organizerId: event.organizerId },
    nowMs,
    traceparent,
  });

export const newsOfPublication = (event: EventRow, nowMs: number, traceparent: string | undefined): Envelope =>
  envelope(SOURCE, {
    type: "event.published",
    subject: event.id,
    version: event.version,
    data: { eventId: event.id, organizerId: event.organizerId },
    nowMs,
    traceparent,
  });

/** The news leaves after the answer; what does not leave then stands in the outbox for the sweep. */
export async function applyAndTell(
  env: Env,
  later: Later,
  after: StoredEvent,
  compareAndSet: D1PreparedStatement,
  effects: readonly D1PreparedStatement[],
  news: readonly Envelope[],
): Promise<Result<StoredEvent, Refusal<"state_moved">>> {
  const moved = await guardedBatch(env.DB, compareAndSet, [...effects, ...news.map((envelope) => announce(env.DB, envelope))]);
  forgetEvent(after.event.id);
  if (!moved.ok) return moved;
  if (news.length > 0) {
    const delivery = deliver(env.DB, mailboxes(env), news);
    later.waitUntil(delivery.catch((error) => reportError(error, env, later, { task: "deliver the outbox" })));
  }
  return ok(after);
}
