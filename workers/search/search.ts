import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { Id, Timestamp } from "../../shared/contracts/ids";
import { Currency } from "../../shared/contracts/money";
import { decodeCursor, listOf, listQuery, page } from "../../shared/http/list";
import { Problem } from "../../shared/http/problem";
import { correctedTier, tiersOf } from "./match";
import { distanceKm, FARTHEST_KM, type Point } from "./places";
import { correct } from "./spelling";
import { byDistance, byWords, CORRECTED, inOrder, type Position, type Statement } from "./statements";
import { type Term, termsOf } from "./words";

const DEFAULT_RADIUS_KM = 50;
/** A question that finds fewer is tried again with what was probably meant. */
const FEW = 5;

/** A moment, or a calendar day where the event is. */
const Moment = z.union([Timestamp, z.iso.date()]);

const pointOf = (near: string): Point => {
  const [lat = 91, lng = 181] = near.split(",").map(Number);
  return { lat, lng };
};
const Near = z
  .string()
  .regex(/^-?\d{1,2}(\.\d{1,15})?,-?\d{1,3}(\.\d{1,15})?$/, "lat,lng in degrees")
  .refine(
    (text) => Math.abs(pointOf(text).lat) <= 90 && Math.abs(pointOf(text).lng) <= 180,
    "latitude -90 to 90, longitude -180 to 180",
  );

export const SearchQuery = z.object({
  q: z.string().optional().meta({
    description:
      "Words; each must be or begin a word of title, venue, city or description. Where they find fewer than five events, what was probably meant by a misspelled one is found too. Nothing in it is an operator; the first 16 words of its first 1,000 characters count.",
    example: "coffee festival",
  }),
  city: z.string().max(100).optional().meta({ description: "Compared without case and accents", example: "istanbul" }),
  category: z.string().max(64).optional().meta({ description: "Compared without case" }),
  organizerId: Id.optional(),
  from: Moment.optional().meta({
    description: "Starts then or later: a moment, or a day of the event's own calendar. Without it, what has not ended yet",
  }),
  to: Moment.optional().meta({ description: "Starts then or earlier; a day is meant to its end" }),
  near: Near.optional().meta({ description: "lat,lng in degrees; without `q` the nearest come first", example: "48.2,16.37" }),
  radiusKm: z.coerce.number().positive().max(FARTHEST_KM).default(DEFAULT_RADIUS_KM),
  priceMax: z
    .string()
    .regex(/^\d{1,13}$/, "an amount in the currency's minor unit")
    .optional()
    .meta({
      description:
        "The cheapest ticket costs at most this, in the minor unit of `currency`; without `currency`, of each event's own. What is free is free in any.",
      example: "5000",
    }),
  currency: Currency.optional().meta({ description: "ISO 4217: priced in it, or free", example: "EUR" }),
  ...listQuery,
});
export type SearchQuery = z.output<typeof SearchQuery>;

export const FoundEvent = PublishedEvent.extend({ distanceKm: z.number().optional() }).meta({ id: "FoundEvent" });
export type FoundEvent = z.infer<typeof FoundEvent>;
export const FoundEvents = listOf(FoundEvent).meta({ id: "FoundEvents" });

/** Tier or distance of a page's last event, its document, and how many were found up to it. */
const Keyset = z.tuple([z.number().min(-1), z.int(), z.int().min(0)]);

interface Row {
  position: number;
  doc_id: number;
  body: string;
}

/**
 * Published public events that fit every filter given. The best match first where there are words, else the nearest where there is a
 * place; then the soonest.
 */
export async function search(db: D1Database, query: SearchQuery, nowMs: number): Promise<z.infer<typeof FoundEvents>> {
  const cursor = decodeCursor(query.cursor, Keyset);
  const [position, found] = cursor ? [{ position: cursor[0], docId: cursor[1] }, cursor[2]] : [null, 0];
  const near = query.near === undefined ? undefined : pointOf(query.near);
  // Only the index's own words are asked, so a replica's copy will do (rule 24).
  const rows = await find(db.withSession("first-unconstrained"), { ...query, near, nowMs }, position, found);
  return page(
    rows,
    query.limit,
    ({ body }): FoundEvent => {
      const event: PublishedEvent = JSON.parse(body);
      return near ? { ...event, distanceKm: rounded(distanceKm(near, event.location.coordinates)) } : event;
    },
    ({ position, doc_id }) => [position, doc_id, found + query.limit],
  );
}

/** For the organizer's own pages. A refusal travels as data. */
export async function eventsThatFit(
  db: D1Database,
  question: { organizerId: string; q: string; cursor?: string; limit: number },
  nowMs: number,
): Promise<z.infer<typeof FoundEvents> | null> {
  const asked = SearchQuery.safeParse(question);
  if (!asked.success) return null;
  try {
    return await search(db, asked.data, nowMs);
  } catch (error) {
    if (error instanceof Problem && error.refusal.code === "invalid_cursor") return null;
    throw error;
  }
}

/** To the metre. */
const rounded = (km: number): number => Math.round(km * 1000) / 1000;

export type Asked = Omit<SearchQuery, "near"> & { near: Point | undefined; nowMs: number };

async function find(db: D1DatabaseSession, asked: Asked, after: Position | null, found: number): Promise<Row[]> {
  const ask = async (statement: Statement | null): Promise<Row[]> =>
    statement
      ? (
          await db
            .prepare(statement.sql)
            .bind(...statement.values)
            .all<Row>()
        ).results
      : [];
  if (!asked.q?.trim()) return ask(asked.near ? byDistance(asked, asked.near, after) : inOrder(asked, after));

  const terms = termsOf(asked.q);
  if (terms.length === 0) return [];
  const rows = after?.position === CORRECTED ? [] : await ask(byWords(asked, tiersOf(terms), 0, after));
  const isEnough = rows.length > asked.limit || (after?.position !== CORRECTED && found + rows.length >= FEW);
  return isEnough ? rows : [...rows, ...(await ask(await corrected(db, asked, terms, after, rows.length)))];
}

async function corrected(
  db: D1DatabaseSession,
  asked: Asked,
  terms: readonly Term[],
  after: Position | null,
  found: number,
): Promise<Statement | null> {
  const meant = await correct(db, terms);
  const rest = { ...asked, limit: asked.limit - found };
  return meant && byWords(rest, [correctedTier(meant)], CORRECTED, after);
}
