/** The search domain's index in a real D1, for the runtime tests. */
import { env } from "cloudflare:workers";
import type { PublishedEvent } from "../../shared/contracts/events";
import { putDocuments } from "../../workers/search/event-documents";
import { SearchQuery, search } from "../../workers/search/search";
import { publishedEvent } from "./published-event";

export const NOW_MS = Date.parse("2027-01-01T00:00:00Z");

export const named = (title: string, change: Partial<PublishedEvent> = {}): PublishedEvent =>
  publishedEvent({ id: crypto.randomUUID(), title, ...change });

export const inCity = (city: string, lat: number, lng: number): Pick<PublishedEvent, "location"> => ({
  location: { ...publishedEvent().location, city, coordinates: { lat, lng } },
});

export const priced = (...prices: [amount: number, currency: string][]): Pick<PublishedEvent, "ticketTypes"> => ({
  ticketTypes: prices.map(([amount, currency]) => ({
    id: crypto.randomUUID(),
    eventId: publishedEvent().id,
    name: "T",
    price: { amount, currency },
    quantity: 1,
    minPerOrder: 1,
    maxPerOrder: 1,
  })),
});

export const put = (event: PublishedEvent, version = 1): Promise<void> =>
  putDocuments(env.SEARCH_DB, [{ eventId: event.id, version, event }], NOW_MS);

export const putAll = (events: readonly PublishedEvent[]): Promise<void> =>
  putDocuments(
    env.SEARCH_DB,
    events.map((event) => ({ eventId: event.id, version: 1, event })),
    NOW_MS,
  );

export const found = (query: Record<string, string>, nowMs = NOW_MS) => search(env.SEARCH_DB, SearchQuery.parse(query), nowMs);

export const titles = async (query: Record<string, string>): Promise<string[]> =>
  (await found(query)).data.map((event) => event.title);

/** Page after page. */
export async function allTitles(query: Record<string, string>, limit: number): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await found({ ...query, limit: String(limit), ...(cursor ? { cursor } : {}) });
    seen.push(...page.data.map((event) => event.title));
    cursor = page.nextCursor;
  } while (cursor);
  return seen;
}
