import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putDocuments, retireEnded } from "../../workers/search/event-documents";
import { distanceKm } from "../../workers/search/places";
import { publishedEvent } from "../support/published-event";
import { allTitles, found, inCity, NOW_MS, named, priced, put, titles } from "../support/search-room";

beforeEach(() => applyD1Migrations(env.SEARCH_DB, env.MIGRATIONS.search));
afterEach(() => reset());

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
    await put(
      named("Early", { category: "JAZZ", ...priced([3000, "EUR"], [1500, "EUR"]), startDate: "2027-06-01T10:00:00.000Z" }),
    );
    await put(
      named("Late", {
        category: "Rock",
        ...priced([2000, "EUR"]),
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
    const { data } = await found({ near: "48.2,16.37", radiusKm: "2000" });
    expect(data).toHaveLength(3);
    for (const event of data)
      expect(event.distanceKm).toBeCloseTo(distanceKm({ lat: 48.2, lng: 16.37 }, event.location.coordinates), 2);
  });

  it("pages neither repeat nor lose an event, by date and by distance", async () => {
    for (let i = 0; i < 7; i++) await put(named(`E${i}`, { ...inCity("Vienna", 48.2 + (i % 3) / 100, 16.37) }));
    for (const filter of [{}, { near: "48.2,16.37" }, { q: "e" }, { from: "2027-01-01", near: "48.2,16.37", radiusKm: "20015" }])
      expect((await allTitles(filter, 3)).toSorted()).toEqual(["E0", "E1", "E2", "E3", "E4", "E5", "E6"]);
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
    await putDocuments(env.SEARCH_DB, [{ eventId: event.id, version: 6, event: null }], NOW_MS);
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
    const again = { ...event, startDate: "2027-06-04T17:30:00.000Z", title: "Once more" };
    for (let times = 0; times < 2; times++) await put(again, 4);
    expect(await titles({ q: "once" })).toEqual(["Once more"]);
    await put({ ...again, status: "completed" }, 5);
    const { results } = await env.SEARCH_DB.prepare(`SELECT rowid FROM words WHERE words MATCH '"once"'`).all();
    expect(results).toEqual([]);
    for (const table of ["documents", "bodies"])
      expect(await env.SEARCH_DB.prepare(`SELECT count(*) AS n FROM ${table}`).first("n")).toBe(0);
  });

  it("what has ended leaves the words that are on, and is still found by who asks for the past", async () => {
    await put(named("Sunrise", { startDate: "2027-01-01T03:00:00.000Z", endDate: "2027-01-01T06:00:00.000Z" }));
    await put(named("Sunset", { startDate: "2027-01-01T16:00:00.000Z", endDate: "2027-01-01T18:00:00.000Z" }));
    const noonMs = NOW_MS + 12 * 3_600_000;
    const on = async () => (await found({}, noonMs)).data.map(({ title }) => title);
    const live = () => env.SEARCH_DB.prepare(`SELECT count(*) AS n FROM words WHERE words MATCH '"live_"'`).first("n");
    expect([await on(), await live()]).toEqual([["Sunset"], 2]);
    expect(await retireEnded(env.SEARCH_DB, noonMs)).toBe(1);
    expect([await on(), await live()]).toEqual([["Sunset"], 1]);
    expect(await retireEnded(env.SEARCH_DB, noonMs)).toBe(0);
    expect(await titles({ q: "sunrise", from: "2027-01-01" })).toEqual(["Sunrise"]);
  });

  it("a hundred events of the longest names, each in words that no other has, are one batch", async () => {
    const letters = [..."абвгдежзиклмнопрстуфхцчшщэюя"];
    // Seeds of a sequence that does not come back within them (Park and Miller).
    let state = 1;
    const letter = () => {
      state = (state * 48_271) % 0x7fffffff;
      return letters[state % letters.length];
    };
    const words = (count: number) => Array.from({ length: count }, () => Array.from({ length: 32 }, letter).join("")).join(" ");
    const events = Array.from({ length: 100 }, () =>
      named(words(6), {
        location: { ...publishedEvent().location, venue: words(6), city: words(3) },
      }),
    );
    let [longest, all] = [0, 0];
    const measured = {
      batch: (statements: D1PreparedStatement[]) => env.SEARCH_DB.batch(statements),
      prepare: (sql: string) => ({
        bind: (...values: unknown[]) => {
          const bytes = Math.max(...values.map((value) => new TextEncoder().encode(`${value}`).byteLength));
          [longest, all] = [Math.max(longest, bytes), all + bytes];
          return env.SEARCH_DB.prepare(sql).bind(...values);
        },
      }),
    } as unknown as D1Database; // All of a database that putDocuments uses.
    await putDocuments(
      measured,
      events.map((event) => ({ eventId: event.id, version: 1, event })),
      NOW_MS,
    );
    // D1 takes 2 MB in one value; the local simulator would take them together.
    expect(all).toBeGreaterThan(2_000_000);
    expect(longest).toBeLessThan(600_000);
    expect(await titles({ q: events[99]?.title.split(" ")[0] ?? "" })).toContain(events[99]?.title);
  });
});
