import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { FoundEvents } from "../../workers/search/search";
import { connect, parse } from "../support/client";
import { type Box, createPublishedEvent, draftEvent, eventually, openBoxOffice } from "../support/scenes";

const api = connect(inject("origin"));
/** A word that no other test's events have. */
const word = `Qz${randomUUID().slice(0, 8)}`;
let box: Box;

const find = async (query: string) => parse(FoundEvents, await api.get(`/events/search?${query}`), 200).data;
const findOne = (query: string, id: string) =>
  eventually(`${id} under ${query}`, async () => (await find(query)).find((event) => event.id === id));
const loseOne = (query: string, id: string) =>
  eventually(`no ${id} under ${query}`, async () => ((await find(query)).some((event) => event.id === id) ? undefined : true));

beforeAll(async () => {
  box = await openBoxOffice(api, {
    title: `${word} İSTANBUL`,
    category: "Müzik",
    location: {
      venue: "Babylon",
      address: "",
      city: "İstanbul",
      country: "TR",
      coordinates: { lat: 41.0082, lng: 28.9784 },
    },
  });
});

describe("an event that was published", () => {
  test("is found by its words, its city, its category, its price and its place, on both paths", async () => {
    await findOne(`q=${word}`, box.event.id);
    const found = await findOne(
      `q=${word.toLowerCase()}+istan&city=ISTANBUL&category=${encodeURIComponent("MÜZİK")}`,
      box.event.id,
    );
    expect(found).toMatchObject({ id: box.event.id, title: `${word} İSTANBUL`, status: "published" });
    const near = await findOne(`q=${word}&near=41.01,28.98&radiusKm=5&priceMax=2500`, box.event.id);
    expect(near.distanceKm).toBeLessThan(1);
    expect(await find(`q=${word}&near=48.2,16.37`)).toEqual([]);
    expect(await find(`q=${word}&priceMax=2499`)).toEqual([]);
    const { data } = parse(FoundEvents, await api.get(`/v1/search?q=${word}`), 200);
    expect(data.map((event) => event.id)).toEqual([box.event.id]);
  });

  test("is found by its new title after a change, and lost when it is cancelled", async () => {
    const event = await createPublishedEvent(box.owner, box.organizer.id, { title: `${word} before` });
    await findOne(`q=${word}+before`, event.id);
    expect((await box.owner.api.put(`/events/${event.id}`, { title: `${word} after` })).status).toBe(200);
    await findOne(`q=${word}+after`, event.id);
    expect(await find(`q=${word}+before`)).toEqual([]);
    expect([200, 202]).toContain((await box.owner.api.post(`/events/${event.id}/cancel`, { reason: "Rain" })).status);
    await loseOne(`q=${word}+after`, event.id);
  });
});

test("a misspelled question finds what was meant; one that became private is lost", async () => {
  const event = await createPublishedEvent(box.owner, box.organizer.id, { title: `Coffee Festival ${word} with Müller` });
  await findOne(`q=${word}+muller`, event.id);
  await findOne(`q=cofee+festval&organizerId=${box.organizer.id}`, event.id);
  const others = await find(`q=cofee+festval&organizerId=${randomUUID()}`);
  expect(others).toEqual([]);
  expect((await box.owner.api.put(`/events/${event.id}`, { settings: { isPublic: false } })).status).toBe(200);
  await loseOne(`q=${word}+muller`, event.id);
});

test("drafts and private events are not found", async () => {
  const drafted = await box.owner.api.post("/events", draftEvent(box.organizer.id, { title: `${word} secretdraft` }));
  expect(drafted.status).toBe(201);
  await createPublishedEvent(box.owner, box.organizer.id, { title: `${word} secretparty`, settings: { isPublic: false } });
  // Published later than both: when this one is found, the others would be too.
  const { id } = await createPublishedEvent(box.owner, box.organizer.id, { title: `${word} openparty` });
  await findOne(`q=${word}+openparty`, id);
  expect(await find(`q=${word}+secretdraft`)).toEqual([]);
  expect(await find(`q=${word}+secretparty`)).toEqual([]);
});

test("hostile questions find words or nothing, and never break", async () => {
  for (const q of [
    '"',
    "AND OR NOT",
    "NEAR(a b)",
    "title:x",
    "*",
    "a*b(",
    "' OR 1=1 --",
    "\u0000",
    "%",
    "🎺",
    "x".repeat(1000),
    "x".repeat(10_000),
  ]) {
    parse(FoundEvents, await api.get(`/events/search?q=${encodeURIComponent(q)}`), 200);
  }
  for (const raw of ["q=%E0%A4%A", "q=%", "q[]=a", "q=a&q=b", "&&&", "=", "q=%ff"]) {
    expect([200, 400], raw).toContain((await api.get(`/events/search?${raw}`)).status);
  }
});

test("what cannot be meant is told, not guessed", async () => {
  for (const query of [
    "near=91,0",
    "near=here",
    "radiusKm=0",
    "priceMax=-1",
    "priceMax=9.5",
    "priceMax=5&currency=euro",
    "from=tomorrow",
    "limit=0",
    "limit=101",
  ]) {
    expect(parse(ProblemBody, await api.get(`/events/search?${query}`), 400).code, query).toBe("invalid_query");
  }
  expect(parse(ProblemBody, await api.get("/events/search?cursor=abc"), 400).code).toBe("invalid_cursor");
});

test("pages go on where the last one ended", async () => {
  for (let i = 0; i < 3; i++) await createPublishedEvent(box.owner, box.organizer.id, { title: `${word} page${i}` });
  await eventually("three events", async () => ((await find(`q=${word}+page`)).length === 3 ? true : undefined));
  const first = parse(FoundEvents, await api.get(`/events/search?q=${word}+page&limit=2`), 200);
  expect(first.data).toHaveLength(2);
  const second = parse(FoundEvents, await api.get(`/events/search?q=${word}+page&limit=2&cursor=${first.nextCursor}`), 200);
  expect(second.nextCursor).toBeNull();
  expect(new Set([...first.data, ...second.data].map((event) => event.id)).size).toBe(3);
});
