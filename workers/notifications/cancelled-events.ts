/** Who has to be told that an event was called off: asked of payments page by page, and owed to each once. */

import { owe } from "./deliveries";
import type { Env } from "./environment";

/**
 * The object has confirmed an order and payments does not say so yet: whoever is missing in one pass stands in the next. The last one
 * comes when what was under way at the cancellation has ended, an outage of payments with it.
 */
const PAUSES_BETWEEN_PASSES_MS = [60_000, 3_600_000];

interface CancelledEvent {
  event_id: string;
  cursor: string | null;
  /** Gone through from the first order to the last. */
  passes: number;
}

export async function beginTelling(db: D1Database, eventId: string, nowMs: number): Promise<void> {
  await db
    .prepare("INSERT INTO cancelled_events (event_id, due_at_ms, created_at_ms) VALUES (?1, ?2, ?2) ON CONFLICT DO NOTHING")
    .bind(eventId, nowMs)
    .run();
}

/**
 * One page of one event. Returns how many orders it came to; null where nothing is due. Two at work on one event owe the same mails, each
 * of them once.
 */
export async function tellOfCancellation(env: Env): Promise<number | null> {
  const event = await env.DB.prepare(
    "SELECT event_id, cursor, passes FROM cancelled_events WHERE finished_at_ms IS NULL AND due_at_ms <= ? ORDER BY due_at_ms LIMIT 1",
  )
    .bind(Date.now())
    .first<CancelledEvent>();
  if (!event) return null;
  const { orderIds, nextCursor } = await env.PAYMENTS.calledOffOrders(event.event_id, event.cursor);
  const nowMs = Date.now();
  if (orderIds.length > 0) await owe(env.DB, "event_cancellation", orderIds, nowMs);
  const isPassed = nextCursor === null;
  const pauseMs = isPassed ? PAUSES_BETWEEN_PASSES_MS[event.passes] : 0;
  await env.DB.prepare(
    `UPDATE cancelled_events SET cursor = ?, due_at_ms = ?, passes = ?, finished_at_ms = ?
     WHERE event_id = ? AND passes = ? AND finished_at_ms IS NULL`,
  )
    .bind(
      nextCursor,
      nowMs + (pauseMs ?? 0),
      event.passes + (isPassed ? 1 : 0),
      pauseMs === undefined ? nowMs : null,
      event.event_id,
      event.passes,
    )
    .run();
  return orderIds.length;
}
