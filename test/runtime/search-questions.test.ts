import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { boxesAround, distanceKm, FARTHEST_KM } from "../../workers/search/places";
import { eventsThatFit, SearchQuery, search } from "../../workers/search/search";
import { allTitles, found, inCity, NOW_MS, named, priced, put, putAll, titles } from "../support/search-room";

beforeEach(() => applyD1Migrations(env.SEARCH_DB, env.MIGRATIONS.search));
afterEach(() => reset());

const startsAt = (startDate: string) => ({ startDate, endDate: new Date(Date.parse(startDate) + 3_600_000).toISOString() });

describe("what comes first", () => {
  it("whole words before beginnings, the title before venue and city, those before the description, then the soonest", async () => {
    await putAll([
      named("Evening 1", { description: "with jazzy guests" }),
      named("Evening 2", { description: "Jazz, mostly" }),
      named("Jazzy night"),
      named("Evening 3", inCity("Jazz", 1, 1)),
      named("Jazz, later", startsAt("2027-06-08T18:00:00Z")),
      named("Jazz, soon", startsAt("2027-06-02T18:00:00Z")),
    ]);
    const inOrder = ["Jazz, soon", "Jazz, later", "Evening 3", "Evening 2", "Jazzy night", "Evening 1"];
    expect(await titles({ q: "jazz" })).toEqual(inOrder);
    for (const limit of [1, 2, 3, 5]) expect(await allTitles({ q: "jazz" }, limit), `pages of ${limit}`).toEqual(inOrder);
    expect(await titles({ q: "jazz evening" })).toEqual(["Evening 3", "Evening 2", "Evening 1"]);
  });

  it("pages of words neither repeat nor lose what was there while events come and change", async () => {
    const events = Array.from({ length: 9 }, (_, index) => named(`Jazz ${index}`, startsAt(`2027-06-0${index + 1}T18:00:00Z`)));
    await putAll(events);
    const first = await found({ q: "jazz", limit: "4" });
    await putAll([named("Jazz before", startsAt("2027-05-01T18:00:00Z"))]);
    for (const event of events) await put({ ...event, description: "changed" }, 2);
    const second = await found({ q: "jazz", limit: "20", cursor: first.nextCursor ?? "" });
    expect([...first.data, ...second.data].map((event) => event.title)).toEqual(events.map((event) => event.title));
  });
});

describe("an organizer's own pages", () => {
  it("find his events alone, page by page, misspelled too, and have none for a cursor of somebody's own", async () => {
    const organizerId = crypto.randomUUID();
    const own = Array.from({ length: 5 }, (_, index) =>
      named(`Coffee ${index}`, { organizerId, ...startsAt(`2027-06-0${index + 1}T18:00:00Z`) }),
    );
    await putAll([...own, named("Coffee elsewhere")]);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const question = { organizerId, q: "cofee", limit: 2, ...(cursor ? { cursor } : {}) };
      const page: Awaited<ReturnType<typeof eventsThatFit>> = await eventsThatFit(env.SEARCH_DB, question, NOW_MS);
      seen.push(...(page?.data ?? []).map(({ title }) => title));
      cursor = page?.nextCursor ?? null;
    }
    expect(seen).toEqual(own.map(({ title }) => title));
    for (const cursor of ["x", "x".repeat(2_000)])
      expect(await eventsThatFit(env.SEARCH_DB, { organizerId, q: "coffee", limit: 2, cursor }, NOW_MS)).toBeNull();
  });
});

describe("typing errors", () => {
  it("a misspelled question finds what was meant, after what it says", async () => {
    await putAll([named("Coffee Festival"), named("Tea Festival"), named("Coffee and cake"), named("Stage 12b")]);
    expect(await titles({ q: "cofee festval" })).toEqual(["Coffee Festival"]);
    expect(await titles({ q: "coffee fesitval" })).toEqual(["Coffee Festival"]);
    expect(await titles({ q: "ocffe" })).toEqual(["Coffee Festival", "Coffee and cake"]);
    expect(await titles({ q: "stage 12c" })).toEqual([]);
    expect(await titles({ q: "festwal" })).toEqual(["Coffee Festival", "Tea Festival"]);
    expect(await titles({ q: "rugby" })).toEqual([]);
  });

  it("five hits are enough, fewer are not, in pages of any size", async () => {
    const meant = ["Istanbul"];
    for (let count = 4; count <= 5; count++) {
      await reset();
      await applyD1Migrations(env.SEARCH_DB, env.MIGRATIONS.search);
      const said = Array.from({ length: count }, (_, index) => `Evening ${index}`);
      await putAll([...said.map((title) => named(title, { description: "of Istambul" })), named("Istanbul")]);
      for (const limit of [1, 2, 3, 5, 20])
        expect((await allTitles({ q: "istambul" }, limit)).sort(), `${count} by ${limit}`).toEqual([
          ...said,
          ...(count < 5 ? meant : []),
        ]);
    }
  });
});

describe("any language, any question", () => {
  it("scripts without spaces, with vowel marks, without marks", async () => {
    await putAll([
      named("東京ドームのライブ"),
      named("हिन्दी कविता"),
      named("Σίσυφος"),
      named("คอนเสิร์ตกรุงเทพ"),
      named("ночь Ёлки"),
      named("مهرجان القَهْوة"),
    ]);
    expect(await titles({ q: "東京" })).toEqual(["東京ドームのライブ"]);
    expect(await titles({ q: "ライブ" })).toEqual(["東京ドームのライブ"]);
    expect(await titles({ q: "京東" })).toEqual([]);
    expect(await titles({ q: "कविता" })).toEqual(["हिन्दी कविता"]);
    expect(await titles({ q: "ΣΙΣΥΦΟΣ" })).toEqual(["Σίσυφος"]);
    expect(await titles({ q: "กรุงเทพ" })).toEqual(["คอนเสิร์ตกรุงเทพ"]);
    expect(await titles({ q: "елки" })).toEqual(["ночь Ёлки"]);
    expect(await titles({ q: "القهوة" })).toEqual(["مهرجان القَهْوة"]);
  });

  it("no text breaks the index and no question breaks the query; an event is found by its own title", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom(..."\"'*^():-+{}\u0000_,.AND OR NOT NEAR title: ß İ ı 東 ก \ud800 🎺".split("")),
        maxLength: 60,
      }),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (title, q, city) => {
        const event = named(title, inCity(city, 1, 1));
        await put(event);
        await expect(titles({ q })).resolves.toBeInstanceOf(Array);
        await expect(titles({ q: `${q} cofee`, city, category: q.slice(0, 64) })).resolves.toBeInstanceOf(Array);
        const own = await found({ q: title, city, limit: "100" });
        await put({ ...event, status: "cancelled" }, 2);
        return !/[\p{L}\p{N}]/u.test(title.normalize("NFKD")) || own.data.some(({ id }) => id === event.id);
      }),
      { numRuns: 120 },
    );
  });

  it("a question as long as a URL may be is answered", async () => {
    await put(named("coffee"));
    expect(await titles({ q: `${"coffee ".repeat(9000)}` })).toEqual(["coffee"]);
  });
});

describe("filters", () => {
  it("a price is compared in its own currency; what is free is free in any", async () => {
    await putAll([
      named("Euro", priced([3000, "EUR"], [1500, "EUR"])),
      named("Yen", priced([1500, "JPY"])),
      named("Free", priced([0, "USD"])),
      named("Unpriced"),
    ]);
    const sorted = async (query: Record<string, string>) => (await titles(query)).sort();
    expect(await sorted({ priceMax: "1500", currency: "EUR" })).toEqual(["Euro", "Free"]);
    expect(await sorted({ priceMax: "1499", currency: "EUR" })).toEqual(["Free"]);
    expect(await sorted({ currency: "JPY" })).toEqual(["Free", "Yen"]);
    expect(await sorted({ priceMax: "1500" })).toEqual(["Euro", "Free", "Yen"]);
    expect(await sorted({ priceMax: "0" })).toEqual(["Free"]);
    expect(await sorted({ priceMax: "9999999999999" })).toEqual(["Euro", "Free", "Yen"]);
  });

  it("a price is within its limit exactly when it is at most that", async () => {
    const amounts = [1, 2, 3, 4, 7, 8, 1023, 1024, 1025, 1_000_000_000_000];
    await putAll(amounts.map((amount) => named(String(amount), priced([amount, "EUR"]))));
    for (const most of amounts) {
      const within = await titles({ priceMax: String(most), currency: "EUR" });
      expect(within.map(Number).sort((a, b) => a - b)).toEqual(amounts.filter((amount) => amount <= most));
    }
  });

  it("a day is one of the event's own calendar", async () => {
    await putAll([
      named("Auckland", { timezone: "Pacific/Auckland", ...startsAt("2027-06-01T20:00:00.000Z") }),
      named("Honolulu", { timezone: "Pacific/Honolulu", ...startsAt("2027-06-02T09:00:00.000Z") }),
    ]);
    expect(await titles({ from: "2027-06-02", to: "2027-06-02" })).toEqual(["Auckland"]);
    expect(await titles({ from: "2027-06-01", to: "2027-06-01" })).toEqual(["Honolulu"]);
    expect(await titles({ from: "2027-06-01T20:00:00Z", to: "2027-06-02T08:59:59Z" })).toEqual(["Auckland"]);
    expect(await titles({ q: "honolulu", to: "2027-06-01" })).toEqual(["Honolulu"]);
  });

  it("an organizer's own", async () => {
    const organizerId = crypto.randomUUID();
    await putAll([named("Mine", { organizerId }), named("Theirs")]);
    expect(await titles({ organizerId })).toEqual(["Mine"]);
    expect(await titles({ organizerId: organizerId.toUpperCase(), q: "theirs" })).toEqual([]);
  });
});

describe("places", () => {
  /** On the poles and the date line more often than elsewhere. */
  const lat = fc.oneof(fc.constantFrom(-90, 90, 0, 89.95, -89.95), fc.double({ min: -90, max: 90, noNaN: true }));
  const lng = fc.oneof(fc.constantFrom(-180, 180, 0, 179.95, -179.95), fc.double({ min: -180, max: 180, noNaN: true }));
  const wire = (degrees: number) => degrees.toFixed(6);

  it("what is within the radius is found, the nearest first, over the date line and the poles too", async () => {
    const points = fc.sample(fc.record({ lat, lng }), { numRuns: 250, seed: 4 });
    await putAll(points.map((point, index) => named(String(index), inCity("X", point.lat, point.lng))));
    await fc.assert(
      fc.asyncProperty(lat, lng, fc.constantFrom(1, 30, 300, 3000, 12_000, FARTHEST_KM), async (atLat, atLng, radius) => {
        const center = { lat: Number(wire(atLat)), lng: Number(wire(atLng)) };
        const distances = points.map((point) => distanceKm(center, point));
        // What lies on the edge itself is left to the last bit of a double.
        if (distances.some((km) => Math.abs(km - radius) < 1e-6)) return;
        const near = `${wire(atLat)},${wire(atLng)}`;
        const seen = await allTitles({ near, radiusKm: String(radius) }, 100);
        const km = seen.map((title) => distances[Number(title)] ?? -1);
        expect(km.every((one, index) => index === 0 || one >= (km[index - 1] ?? 0) - 1e-6)).toBe(true);
        expect(seen.map(Number).sort((a, b) => a - b)).toEqual(distances.flatMap((one, index) => (one <= radius ? [index] : [])));
        expect(boxesAround(center, radius).length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 60 },
    );
  });

  it("with words the best match comes first, and only from within the radius", async () => {
    await putAll([
      named("Jazzy, here", inCity("Vienna", 48.2, 16.37)),
      named("Jazz, near", inCity("Vienna", 48.3, 16.4)),
      named("Jazz, far", inCity("Graz", 47.07, 15.44)),
    ]);
    const { data } = await found({ q: "jazz", near: "48.2,16.37" });
    expect(data.map(({ title }) => title)).toEqual(["Jazz, near", "Jazzy, here"]);
    expect(data[0]?.distanceKm).toBeCloseTo(11.34, 1);
  });
});

describe("what a question reads", () => {
  /** The rows that D1 says were read for the question. */
  async function rowsRead(query: Record<string, string>): Promise<number> {
    const session = env.SEARCH_DB.withSession("first-unconstrained");
    let rows = 0;
    const counted = (statement: D1PreparedStatement): D1PreparedStatement =>
      new Proxy(statement, {
        get(target, name) {
          if (name === "bind") return (...values: unknown[]) => counted(target.bind(...values));
          if (name !== "all") return Reflect.get(target, name);
          return async () => {
            const result = await target.all();
            rows += result.meta.rows_read;
            return result;
          };
        },
      });
    const db = { withSession: () => ({ prepare: (sql: string) => counted(session.prepare(sql)) }) };
    // As much of a database as a question without words uses.
    await search(db as unknown as D1Database, SearchQuery.parse(query), NOW_MS);
    return rows;
  }

  it("the nearest of half the world are found without looking at the country", async () => {
    const at = (index: number, lat: number, lng: number) => named(`${index}`, inCity("X", lat, lng));
    await putAll(Array.from({ length: 25 }, (_, index) => at(index, 48.2 + index / 1e5, 16.37)));
    const before = await rowsRead({ near: "48.2,16.37", radiusKm: "20000" });
    for (let first = 0; first < 600; first += 100)
      await putAll(Array.from({ length: 100 }, (_, index) => at(first + index, 47.2 + (first + index) / 1e5, 15.37)));
    expect(await rowsRead({ near: "48.2,16.37", radiusKm: "20000" })).toBe(before);
  });
});
