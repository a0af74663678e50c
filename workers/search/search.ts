import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { Id, Timestamp } from "../../shared/contracts/ids";
import { decodeCursor, listOf, listQuery, page } from "../../shared/http/list";
import { boxAround, distanceSql, FARTHEST_KM } from "./places";
import { caseless, fold, matchOf } from "./words";

const DAY_MS = 86_400_000;
const DEFAULT_RADIUS_KM = 50;

/** A moment, or a calendar day in UTC. */
const Moment = z.union([Timestamp, z.iso.date()]);
const isDay = (moment: string): boolean => !moment.includes("T");

const Near = z
  .string()
  .regex(/^-?\d{1,2}(\.\d{1,15})?,-?\d{1,3}(\.\d{1,15})?$/, "lat,lng in degrees")
  .refine((text) => {
    const [lat, lng] = text.split(",").map(Number);
    return Math.abs(lat ?? 91) <= 90 && Math.abs(lng ?? 181) <= 180;
  }, "latitude -90 to 90, longitude -180 to 180");

export const SearchQuery = z.object({
  q: z.string().max(1000).optional().meta({ description: "Words; each must begin a word of title, description, venue or city" }),
  city: z.string().max(100).optional(),
  category: z.string().max(64).optional().meta({ description: "Compared without case" }),
  from: Moment.optional().meta({ description: "Starts then or later; without it, what has not ended yet" }),
  to: Moment.optional().meta({ description: "Starts then or earlier; a day is meant to its end" }),
  near: Near.optional().meta({ description: "lat,lng in degrees; the nearest come first", example: "48.2,16.37" }),
  radiusKm: z.coerce.number().positive().max(FARTHEST_KM).default(DEFAULT_RADIUS_KM),
  priceMax: z
    .string()
    .regex(/^\d{1,13}$/, "an amount in the currency's minor unit")
    .optional()
    .meta({ description: "The cheapest ticket costs at most this, in its currency's minor unit", example: "5000" }),
  ...listQuery,
});
export type SearchQuery = z.output<typeof SearchQuery>;

export const FoundEvent = PublishedEvent.extend({ distanceKm: z.number().optional() }).meta({ id: "FoundEvent" });
export type FoundEvent = z.infer<typeof FoundEvent>;
export const FoundEvents = listOf(FoundEvent).meta({ id: "FoundEvents" });

/** Sort value (start or distance) and id of a page's last event. */
const Keyset = z.tuple([z.number(), Id]);

interface Row {
  event_id: string;
  document: string;
  /** Milliseconds, or kilometres where the nearest come first. */
  rank: number;
}

/** Published public events that fit every filter given: the nearest first where a place is named, else the soonest. */
export async function search(db: D1Database, query: SearchQuery, nowMs: number): Promise<z.infer<typeof FoundEvents>> {
  const cursor = decodeCursor(query.cursor, Keyset);
  const statement = statementOf(query, cursor, nowMs);
  // Only the index's own words are asked, so a replica's copy will do (rule 24).
  const rows = statement
    ? (
        await db
          .withSession("first-unconstrained")
          .prepare(statement.sql)
          .bind(...statement.values)
          .all<Row>()
      ).results
    : [];
  return page(
    rows,
    query.limit,
    ({ document, rank }): FoundEvent => ({
      ...JSON.parse(document),
      ...(query.near ? { distanceKm: Math.round(rank * 1000) / 1000 } : {}),
    }),
    ({ rank, event_id }) => [rank, event_id],
  );
}

/** Null where nothing can be found. All that a client wrote is bound, never part of the text. */
function statementOf(
  query: SearchQuery,
  cursor: z.output<typeof Keyset> | null,
  nowMs: number,
): { sql: string; values: (string | number)[] } | null {
  const values: (string | number)[] = [];
  const bound = (value: string | number): string => `?${values.push(value)}`;
  const where = ["findable = 1"];
  let rank = "starts_at_ms";
  let from = "event_documents";

  if (query.q?.trim()) {
    const match = matchOf(query.q);
    if (match === null) return null;
    from = "events_fts JOIN event_documents ON doc_id = events_fts.rowid";
    where.push(`events_fts MATCH ${bound(match)}`);
  }
  if (query.near) {
    const [lat = 0, lng = 0] = query.near.split(",").map(Number);
    const box = boxAround({ lat, lng }, query.radiusKm);
    rank = distanceSql(bound(lat), bound(lng));
    where.push(
      `lat BETWEEN ${bound(box.minLat)} AND ${bound(box.maxLat)}`,
      `lng BETWEEN ${bound(box.minLng)} AND ${bound(box.maxLng)}`,
      `${rank} <= ${bound(query.radiusKm)}`,
    );
  }
  if (query.city) where.push(`city_key = ${bound(fold(query.city).trim())}`);
  if (query.category) where.push(`category_key = ${bound(caseless(query.category))}`);
  if (query.from) where.push(`starts_at_ms >= ${bound(Date.parse(query.from))}`);
  else where.push(`ends_at_ms > ${bound(nowMs)}`);
  if (query.to) where.push(`starts_at_ms <= ${bound(Date.parse(query.to) + (isDay(query.to) ? DAY_MS - 1 : 0))}`);
  if (query.priceMax) where.push(`lowest_price_minor <= ${bound(Number(query.priceMax))}`);
  if (cursor) where.push(`(${rank}, event_id) > (${bound(cursor[0])}, ${bound(cursor[1])})`);

  const sql = `SELECT event_id, document, ${rank} AS rank FROM ${from}
    WHERE ${where.join(" AND ")}
    ORDER BY ${rank}, event_id
    LIMIT ${bound(query.limit + 1)}`;
  return { sql, values };
}
