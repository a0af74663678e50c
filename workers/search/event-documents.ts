/** The projection of events that is searched. A document keeps the event as the wire shows it, so that a search asks nobody. */
import type { PublishedEvent } from "../../shared/contracts/events";
import { caseless, fold } from "./words";

const isFindable = (event: PublishedEvent): boolean => event.status === "published" && event.settings.isPublic;

const UPSERT = `
  INSERT INTO event_documents (
    event_id, version, findable, document, starts_at_ms, ends_at_ms, city_key, category_key, lat, lng, lowest_price_minor,
    title, description, venue, city
  ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
  ON CONFLICT (event_id) DO UPDATE SET
    version = excluded.version, findable = excluded.findable, document = excluded.document,
    starts_at_ms = excluded.starts_at_ms, ends_at_ms = excluded.ends_at_ms,
    city_key = excluded.city_key, category_key = excluded.category_key, lat = excluded.lat, lng = excluded.lng,
    lowest_price_minor = excluded.lowest_price_minor,
    title = excluded.title, description = excluded.description, venue = excluded.venue, city = excluded.city
  WHERE excluded.version > event_documents.version`;

export interface SeenEvent {
  eventId: string;
  /** The message's, which grows with each change of the event. */
  version: number;
  /** As the owner tells it now; null where there is none any more. */
  event: PublishedEvent | null;
}

/** What is not there or may not be found becomes a tombstone. An older version changes nothing (rule 21). */
export async function putDocuments(db: D1Database, seen: readonly SeenEvent[]): Promise<void> {
  const upsert = db.prepare(UPSERT);
  await db.batch(
    seen.map(({ eventId, version, event }) =>
      upsert.bind(eventId, version, ...(event && isFindable(event) ? contentOf(event) : TOMBSTONE)),
    ),
  );
}

const TOMBSTONE = [0, null, 0, 0, "", "", 0, 0, null, "", "", "", ""];

function contentOf(event: PublishedEvent): (string | number | null)[] {
  const { venue, city, coordinates } = event.location;
  const prices = event.ticketTypes.map((type) => type.price.amount);
  return [
    1,
    JSON.stringify(event),
    Date.parse(event.startDate),
    Date.parse(event.endDate),
    fold(city).trim(),
    caseless(event.category),
    coordinates.lat,
    coordinates.lng,
    prices.length === 0 ? null : Math.min(...prices),
    fold(event.title),
    fold(event.description),
    fold(venue),
    fold(city),
  ];
}
