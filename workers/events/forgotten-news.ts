/**
 * A queue of the network keeps what it took. A local one lives in memory, and a kill takes with it what nobody had read (rule 21): a
 * cancelled event's buyers would wait for their money. So the first sweep of a process says once more what was said shortly before it.
 * Not what the events' objects say: a local kill forgets `seats.swapped`, and whoever was given other seats just before it gets no mail.
 */
import { and, desc, eq, gt, inArray, max, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Envelope } from "../../shared/contracts/messages";
import { announce } from "../../shared/d1/outbox";
import type { Env } from "./environment";
import { newsOf, newsOfMove } from "./event-batch";
import { type EventRow, events, formerAppointments } from "./schema";

/** As long as a mailbox tries one message, and a little more (`shared/queue/consume.ts`). */
const RETOLD_MS = 2 * 3_600_000;
const MAX_RETOLD = 500;

/** By this process. */
const retold = new WeakSet<D1Database>();

/** Part of the sweep, where queues forget: no deployment's do, whatever its variables say. Whoever has heard it knows the version. */
export async function retellForgotten(
  { DB, ENVIRONMENT, QUEUES_FORGET }: Pick<Env, "DB" | "ENVIRONMENT" | "QUEUES_FORGET">,
  nowMs: number,
): Promise<number> {
  if (ENVIRONMENT !== "development" || QUEUES_FORGET !== "yes" || retold.has(DB)) return 0;
  const changed = await drizzle(DB)
    .select()
    .from(events)
    .where(and(inArray(events.status, ["published", "cancelled", "completed"]), gt(events.updatedAtMs, nowMs - RETOLD_MS)))
    // Somebody waits for his money where an event was cancelled; the newest before the others.
    .orderBy(desc(eq(events.status, "cancelled")), desc(events.updatedAtMs))
    .limit(MAX_RETOLD);
  const news = [
    ...changed.flatMap((event) => newsOf(event, event.updatedAtMs, undefined)),
    ...(await movesOf(DB, changed, nowMs - RETOLD_MS)),
  ];
  if (news.length > 0) await DB.batch(news.map((envelope) => announce(DB, envelope)));
  retold.add(DB);
  return news.length;
}

/** The last move of each of these events that was moved since, as it was told: the change that follows it is another version. */
async function movesOf(db: D1Database, changed: readonly EventRow[], sinceMs: number): Promise<Envelope[]> {
  const published = new Map(changed.filter(({ status }) => status === "published").map((event) => [event.id, event]));
  const moves = await drizzle(db)
    .select({
      eventId: formerAppointments.eventId,
      version: max(formerAppointments.untilVersion),
      atMs: max(formerAppointments.untilMs),
    })
    .from(formerAppointments)
    .where(
      and(
        inArray(formerAppointments.eventId, sql`(SELECT value FROM json_each(${JSON.stringify([...published.keys()])}))`),
        gt(formerAppointments.untilMs, sinceMs),
      ),
    )
    .groupBy(formerAppointments.eventId);
  return moves.flatMap(({ eventId, version, atMs }) => {
    const event = published.get(eventId);
    return event && version !== null && atMs !== null ? [newsOfMove({ ...event, version }, atMs, undefined)] : [];
  });
}
