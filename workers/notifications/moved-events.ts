/**
 * Who has to be told that an event was moved: those who had ordered by then. Whoever has paid is asked of payments page by page, once the
 * organizer has left it alone for a while; whoever pays later comes by the news of his order.
 */
import type { Message } from "../../shared/queue/consume";
import { owe } from "./deliveries";
import type { Env } from "./environment";
import { orderNewsId } from "./order-news";
import { LONGEST_QUIET_MS, quietMs } from "./quiet";

/**
 * An older move than the one that is known says nothing new, and neither does the same one again. Its news leaves once it is written, so
 * that whoever had ordered by that write had ordered by now; who of them had the new date before him is seen when his mail is written.
 */
export async function hearMove(env: Env, { data, version }: Message<"event.moved">, nowMs: number): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO moved_events (event_id, version, moved_at_ms, heard_at_ms, due_at_ms) VALUES (?1, ?2, ?3, ?3, ?3 + ?4)
     ON CONFLICT (event_id) DO UPDATE SET version = excluded.version, moved_at_ms = excluded.moved_at_ms, cursor = NULL, finished_at_ms = NULL,
       heard_at_ms = iif(finished_at_ms IS NULL AND cursor IS NULL, heard_at_ms, excluded.heard_at_ms),
       due_at_ms = min(excluded.due_at_ms, iif(finished_at_ms IS NULL AND cursor IS NULL, heard_at_ms, excluded.heard_at_ms) + ?5)
     WHERE excluded.version > moved_events.version`,
  )
    .bind(data.eventId, version, nowMs, quietMs(env), LONGEST_QUIET_MS)
    .run();
}

interface MovedEvent {
  event_id: string;
  version: number;
  moved_at_ms: number;
  cursor: string | null;
}

/** One page of one event. Returns how many orders it came to; null where nothing is due. */
export async function tellOfMove(env: Env): Promise<number | null> {
  const moved = await env.DB.prepare(
    `SELECT event_id, version, moved_at_ms, cursor FROM moved_events
     WHERE finished_at_ms IS NULL AND due_at_ms <= ? ORDER BY due_at_ms LIMIT 1`,
  )
    .bind(Date.now())
    .first<MovedEvent>();
  if (!moved) return null;
  const { event_id, version, moved_at_ms, cursor } = moved;
  const { orderIds, nextCursor } = await env.PAYMENTS.standingOrders(event_id, moved_at_ms, cursor);
  const nowMs = Date.now();
  if (orderIds.length > 0)
    await owe(
      env.DB,
      "event_move",
      orderIds.map((orderId) => orderNewsId({ orderId, version })),
      nowMs,
    );
  // A move that was heard of meanwhile begins from the first order again.
  await env.DB.prepare(
    "UPDATE moved_events SET cursor = ?3, due_at_ms = ?4, finished_at_ms = ?5 WHERE event_id = ?1 AND version = ?2 AND finished_at_ms IS NULL",
  )
    .bind(event_id, version, nextCursor, nowMs, nextCursor === null ? nowMs : null)
    .run();
  return orderIds.length;
}

/** Ordered before a move and paid after it: nobody is looked for twice, and a transfer may take a week. */
export async function tellWhoPays(env: Env, paid: readonly Message<"order.paid">[], nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT event_id, version, moved_at_ms FROM moved_events WHERE event_id IN (SELECT value FROM json_each(?))",
  )
    .bind(JSON.stringify([...new Set(paid.map(({ data }) => data.eventId))]))
    .all<Omit<MovedEvent, "cursor">>();
  const moved = new Map(results.map((event) => [event.event_id, event]));
  const owed = paid.flatMap(({ data: { orderId, eventId, orderedAtMs = 0 } }) => {
    const event = moved.get(eventId);
    return event && orderedAtMs < event.moved_at_ms ? [orderNewsId({ orderId, version: event.version })] : [];
  });
  if (owed.length > 0) await owe(env.DB, "event_move", owed, nowMs, nowMs + quietMs(env));
}
