/**
 * A queue of the network keeps what it took. A local one lives in memory, and a kill takes with it what nobody had read (rule 21): a
 * cancelled event's buyers would wait for their money. So the first sweep of a process says once more what was said shortly before it.
 */
import { and, desc, eq, gt, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { announce } from "../../shared/d1/outbox";
import type { Env } from "./environment";
import { newsOf } from "./event-batch";
import { events } from "./schema";

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
  const news = changed.flatMap((event) => newsOf(event, event.updatedAtMs, undefined) ?? []);
  if (news.length > 0) await DB.batch(news.map((envelope) => announce(DB, envelope)));
  retold.add(DB);
  return news.length;
}
