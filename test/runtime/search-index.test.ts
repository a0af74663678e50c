import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublishedEvent } from "../../shared/contracts/events";
import { putDocuments } from "../../workers/search/event-documents";
import { distanceKm } from "../../workers/search/places";
import { SearchQuery, search } from "../../workers/search/search";
import { publishedEvent } from "../support/published-event";

const NOW_MS = Date.parse("2027-01-01T00:00:00Z");

beforeEach(() => applyD1Migrations(env.SEARCH_DB, env.MIGRATIONS.search));
afterEach(() => reset());

const put = (event: PublishedEvent, version = 1) => putDocuments(env.SEARCH_DB, [{ eventId: event.id, version, event }]);

async function titles(query: Record<string, string>): Promise<string[]> {
  const found = await search(env.SEARCH_DB, SearchQuery.parse(query), NOW_MS);
  return found.data.map((event) => event.title);
}

const named = (title: string, change: Partial<PublishedEvent> = {}) =>
  publishedEvent({ id: crypto.randomUUID(), title, ...change });
const inCity = (city: string, lat: number, lng: number): Partial<PublishedEvent> => ({
  location: { ...publishedEvent().location, city, coordinates: { lat, lng } },
});

describe("what is found", () => {
  it("words find title, description, venue and city, by their beginnings and without marks", async () => {
    await put(named("Coffee Festival", inCity("İSTANBUL", 41, 29)));
    await put(named("Herr Müller spielt", { description: "Große Halle in der Hauptstraße" }));
    expect(await titles({ q: "istanbul" })).toEqual(["Coffee Festival"]);
    expect(await titles({ q: "coff fest" })).toEqual(["Coffee Festival"]);
    expect(await titles({ q: "muller" })).toEqual(["Herr Müller spielt"]);
    expect(await titles({ q: "hauptstrasse" })).toEqual(["Herr Müller spielt"]);
    expect(await titles({ q: "coffee muller" })).toEqual([]);
  });

  it("hostile questions are just words", async () => {
    await put(named("A AND B"));
    for (const q of [
      '"',
      "AND",
      "a OR",
      "NEAR(",
      "title:",
      "*",
      "^",
      "-",
      "a* b)",
      "'; DROP TABLE events_fts; --",
      "\u0000",
      "%00",
      "x".repeat(1000),
    ])
      await expect(titles({ q })).resolves.toBeInstanceOf(Array);
    for (const filter of [
      { city: "\u0000" },
      { category: "'; --" },
      { near: "90,180", radiusKm: "1e-9" },
      { near: "-90,-180", radiusKm: "20015" },
    ])
      await expect(titles(filter)).resolves.toBeInstanceOf(Array);
    expect(await titles({ q: "and" })).toEqual(["A AND B"]);
    expect(await titles({ q: "***" })).toEqual([]);
  });

  it("category without case, city without marks, price by the cheapest ticket, dates by the start", async () => {
    const price = (amount: number) => ({
      id: crypto.randomUUID(),
      eventId: publishedEvent().id,
      name: "T",
      price: { amount, currency: "EUR" },
      quantity: 1,
      minPerOrder: 1,
      maxPerOrder: 1,
    });
    await put(
      named("Early", { category: "JAZZ", ticketTypes: [price(3000), price(1500)], startDate: "2027-06-01T10:00:00.000Z" }),
    );
    await put(
      named("Late", {
        category: "Rock",
        ticketTypes: [price(2000)],
        startDate: "2027-06-02T10:00:00.000Z",
        ...inCity("Łódź", 51.8, 19.5),
      }),
    );
    expect(await titles({ category: "jazz" })).toEqual(["Early"]);
    expect(await titles({ city: "lodz" })).toEqual(["Late"]);
    expect(await titles({ priceMax: "1500" })).toEqual(["Early"]);
    expect(await titles({ priceMax: "1499" })).toEqual([]);
    expect(await titles({ from: "2027-06-02" })).toEqual(["Late"]);
    expect(await titles({ to: "2027-06-01" })).toEqual(["Early"]);
    expect(await titles({ to: "2027-06-01T09:59:59Z" })).toEqual([]);
  });

  it("what has ended is left out unless a beginning is asked for", async () => {
    await put(named("Over", { startDate: "2026-06-01T10:00:00.000Z", endDate: "2026-06-01T12:00:00.000Z" }));
    expect(await titles({})).toEqual([]);
    expect(await titles({ from: "2026-01-01" })).toEqual(["Over"]);
  });

  it("near means within the radius, nearest first, and says how far", async () => {
    await put(named("Istanbul", inCity("Istanbul", 41.0082, 28.9784)));
    await put(named("Bratislava", inCity("Bratislava", 48.1486, 17.1077)));
    await put(named("Vienna", inCity("Vienna", 48.2082, 16.3738)));
    expect(await titles({ near: "48.2,16.37" })).toEqual(["Vienna"]);
    expect(await titles({ near: "48.2,16.37", radiusKm: "60" })).toEqual(["Vienna", "Bratislava"]);
    const found = await search(env.SEARCH_DB, SearchQuery.parse({ near: "48.2,16.37", radiusKm: "2000" }), NOW_MS);
    expect(found.data).toHaveLength(3);
    for (const event of found.data)
      expect(event.distanceKm).toBeCloseTo(distanceKm({ lat: 48.2, lng: 16.37 }, event.location.coordinates), 2);
  });

  it("pages neither repeat nor lose an event, by date and by distance", async () => {
    for (let i = 0; i < 7; i++) await put(named(`E${i}`, { ...inCity("Vienna", 48.2 + (i % 3) / 100, 16.37) }));
    for (const filter of [{}, { near: "48.2,16.37" }, { q: "e" }]) {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await search(
          env.SEARCH_DB,
          SearchQuery.parse({ ...filter, limit: "3", ...(cursor ? { cursor } : {}) }),
          NOW_MS,
        );
        seen.push(...page.data.map((event) => event.title));
        cursor = page.nextCursor;
      } while (cursor);
      expect(seen.toSorted()).toEqual(["E0", "E1", "E2", "E3", "E4", "E5", "E6"]);
    }
  });
});

describe("what the index follows", () => {
  it("a change replaces the words; private, cancelled and gone are lost", async () => {
    const event = named("First title");
    await put(event);
    await put({ ...event, title: "Second title" }, 2);
    expect(await titles({ q: "first" })).toEqual([]);
    expect(await titles({ q: "second" })).toEqual(["Second title"]);
    await put({ ...event, settings: { ...event.settings, isPublic: false } }, 3);
    expect(await titles({})).toEqual([]);
    await put(event, 4);
    await put({ ...event, status: "cancelled" }, 5);
    expect(await titles({ q: "first" })).toEqual([]);
    await putDocuments(env.SEARCH_DB, [{ eventId: event.id, version: 6, event: null }]);
    expect(await titles({})).toEqual([]);
  });

  it("an old message that comes late or again does not bring back what was", async () => {
    const event = named("Cancelled meanwhile");
    await put(event, 1);
    await put({ ...event, status: "cancelled" }, 2);
    await put(event, 1);
    await put(event, 2);
    expect(await titles({})).toEqual([]);
    expect(await titles({ q: "meanwhile" })).toEqual([]);
  });

  it("the words of the index are exactly those of the documents", async () => {
    const event = named("Once upon");
    for (let version = 1; version <= 3; version++) await put({ ...event, title: `Once ${version}` }, version);
    await env.SEARCH_DB.prepare("DELETE FROM event_documents").run();
    await expect(
      env.SEARCH_DB.prepare("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)").run(),
    ).resolves.toBeDefined();
    const { results } = await env.SEARCH_DB.prepare("SELECT rowid FROM events_fts WHERE events_fts MATCH 'once'").all();
    expect(results).toEqual([]);
  });
});
