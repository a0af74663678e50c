/** When and where an event on sale is to be: what makes an event a moved one, and what it was before (`former_appointments`). */
import { asc, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { FormerAppointment } from "../../shared/contracts/events-rpc";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Env } from "./environment";
import { MAX_BATCH } from "./event-lists";
import { type EventRow, formerAppointments } from "./schema";

/** What a buyer goes by. The trigger `events_moved` keeps what they were; a test holds the two together. */
const MOVING = ["startMs", "endMs", "timezone", "venue", "address", "city", "country"] as const satisfies (keyof EventRow)[];

/** Nobody has made plans by a draft, and nobody goes to what is cancelled or over. */
export const isMoved = (before: EventRow, after: EventRow): boolean =>
  before.status === "published" && after.status === "published" && MOVING.some((column) => before[column] !== after[column]);

/** What each was moved from, oldest first. Read after the event itself, it names every move that the event had by then. */
export async function formerAppointmentsOf(env: Pick<Env, "DB">, eventIds: readonly string[]): Promise<FormerAppointment[]> {
  if (eventIds.length > MAX_BATCH) throw new RangeError(`at most ${MAX_BATCH} events a call`);
  const rows = await drizzle(env.DB)
    .select()
    .from(formerAppointments)
    .where(inArray(formerAppointments.eventId, sql`(SELECT value FROM json_each(${JSON.stringify(eventIds)}))`))
    .orderBy(asc(formerAppointments.eventId), asc(formerAppointments.untilVersion));
  return rows.map(({ eventId, untilVersion, untilMs, startMs, endMs, timezone, venue, address, city, country }) => ({
    eventId,
    untilVersion,
    untilMs,
    startDate: toTimestamp(startMs),
    endDate: toTimestamp(endMs),
    timezone,
    location: { venue, address, city, country },
  }));
}
