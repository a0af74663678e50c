import { and, asc, eq, gt, inArray, notInArray, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { EVENT_STATUSES, type PublishedEvent } from "../../shared/contracts/events";
import type { PublicEventsPage } from "../../shared/contracts/events-rpc";
import { Id } from "../../shared/contracts/ids";
import { decodeCursor, listQuery, page } from "../../shared/http/list";
import type { Env } from "./environment";
import { type EventRow, events, ticketTypes } from "./schema";
import { type StoredEvent, toEvent } from "./stored-event";

export const EventsQuery = z.object({
  organizerId: Id.optional(),
  status: z.enum(EVENT_STATUSES).optional(),
  ...listQuery,
});
export type EventsQuery = z.infer<typeof EventsQuery>;

/** The most that siblings ask for at once. */
export const MAX_BATCH = 100;

const Keyset = z.tuple([z.number(), z.string()]);

/** In the order of time. */
const behind = (keyset: readonly [startMs: number, eventId: string] | null | undefined): SQL | undefined =>
  keyset ? or(gt(events.startMs, keyset[0]), and(eq(events.startMs, keyset[0]), gt(events.id, keyset[1]))) : undefined;

/** Internal statuses that read as this one. */
const storedAs = (status: (typeof EVENT_STATUSES)[number]): EventRow["status"][] =>
  status === "draft" ? ["draft", "publishing"] : [status];

/**
 * Soonest first. Without `insider`, what everybody may know: public events that are on sale, or with a status filter those that were.
 */
export async function listEvents(env: Env, query: EventsQuery, insider: boolean) {
  const after = decodeCursor(query.cursor, Keyset);
  const conditions: (SQL | undefined)[] = [
    query.organizerId === undefined ? undefined : eq(events.organizerId, query.organizerId),
    behind(after),
  ];
  if (insider) {
    if (query.status) conditions.push(inArray(events.status, storedAs(query.status)));
  } else {
    // Written out, because the index on public events serves only a query that says so itself.
    conditions.push(sql`${events.isPublic} = 1`, eq(events.status, query.status ?? "published"));
    if (query.status === "draft") return { data: [], nextCursor: null };
  }
  const rows = await drizzle(env.DB)
    .select()
    .from(events)
    .where(and(...conditions))
    .orderBy(asc(events.startMs), asc(events.id))
    .limit(query.limit + 1);
  const { data, nextCursor } = page(
    rows,
    query.limit,
    (row) => row,
    (row) => [row.startMs, row.id],
  );
  return { data: await withTypes(env, data), nextCursor };
}

/** Events by id whatever their status, those that exist, in the order of the ids. */
export async function eventsById(env: Env, ids: readonly string[]): Promise<PublishedEvent[]> {
  if (ids.length > MAX_BATCH) throw new RangeError(`at most ${MAX_BATCH} events a call`);
  const wanted = JSON.stringify(ids);
  const rows = await drizzle(env.DB)
    .select()
    .from(events)
    .where(inArray(events.id, sql`(SELECT value FROM json_each(${wanted}))`));
  const order = new Map(ids.map((id, index) => [id, index]));
  rows.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return withTypes(env, rows);
}

/** For rebuilding what was made of messages: everything that had one, in the order of ids. */
export async function announcedEventsAfter(env: Env, afterId: string): Promise<{ event: PublishedEvent; version: number }[]> {
  const rows = await drizzle(env.DB)
    .select()
    .from(events)
    .where(and(gt(events.id, afterId), notInArray(events.status, ["draft", "publishing"])))
    .orderBy(asc(events.id))
    .limit(MAX_BATCH);
  const shown = await withTypes(env, rows);
  return shown.map((event, index) => ({ event, version: rows[index]?.version ?? 0 }));
}

/** What an organizer's visitors may choose from: on sale, public, not over. */
export async function publicEventsOf(
  env: Env,
  organizerId: string,
  { after, limit = MAX_BATCH }: PublicEventsPage = {},
): Promise<PublishedEvent[]> {
  if (limit > MAX_BATCH) throw new RangeError(`at most ${MAX_BATCH} events a call`);
  const rows = await drizzle(env.DB)
    .select()
    .from(events)
    .where(
      and(
        eq(events.organizerId, organizerId),
        sql`${events.isPublic} = 1`,
        eq(events.status, "published"),
        gt(events.endMs, Date.now()),
        behind(after),
      ),
    )
    .orderBy(asc(events.startMs), asc(events.id))
    .limit(limit);
  return withTypes(env, rows);
}

async function withTypes(env: Env, rows: readonly EventRow[]): Promise<PublishedEvent[]> {
  if (rows.length === 0) return [];
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const types = await drizzle(env.DB)
    .select()
    .from(ticketTypes)
    .where(inArray(ticketTypes.eventId, sql`(SELECT value FROM json_each(${ids}))`))
    .orderBy(asc(ticketTypes.position), asc(ticketTypes.id));
  const byEvent = new Map<string, Pick<StoredEvent, "event" | "types">>(rows.map((event) => [event.id, { event, types: [] }]));
  for (const type of types) byEvent.get(type.eventId)?.types.push(type);
  return [...byEvent.values()].map(toEvent);
}
