import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PublishedEvent } from "../../shared/contracts/events";
import { putDocuments } from "../../workers/search/event-documents";
import { messageHandlers } from "../../workers/search/message-handlers";
import { carryOnRebuild } from "../../workers/search/rebuild";
import { NOW_MS, named, put, titles } from "../support/search-room";

const db = env.SEARCH_DB;
beforeEach(() => applyD1Migrations(db, env.MIGRATIONS.search));
afterEach(() => reset());

/** The owner's events by id, as its door gives them; `whenRead` runs before each page. */
function source(
  events: { event: PublishedEvent; version: number }[],
  whenRead: (page: number) => Promise<void> = async () => {},
) {
  const sorted = () => events.toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1));
  let pages = 0;
  return {
    events: async (ids: string[]) => sorted().flatMap(({ event }) => (ids.includes(event.id) ? [event] : [])),
    announcedEvents: async (afterId: string) => {
      const page = sorted()
        .filter(({ event }) => event.id > afterId)
        .slice(0, 100);
      await whenRead(++pages);
      return page;
    },
  };
}
const ask = (atMs: number) =>
  db
    .prepare("UPDATE rebuilds SET asked_at_ms = ?1, started_at_ms = NULL, after_id = '', events_read = 0, finished_at_ms = NULL")
    .bind(atMs)
    .run();
const state = () => db.prepare("SELECT * FROM rebuilds").first<Record<string, unknown>>();
const sweep = (EVENTS: ReturnType<typeof source>, nowMs = NOW_MS) => carryOnRebuild({ DB: db, EVENTS }, nowMs);
const hear = (EVENTS: ReturnType<typeof source>, event: PublishedEvent, version: number) =>
  messageHandlers["event.changed"]?.(
    { DB: db, ENVIRONMENT: "test", EVENTS },
    {
      id: crypto.randomUUID(),
      type: "event.changed",
      subject: event.id,
      version,
      timeMs: NOW_MS,
      traceparent: undefined,
      data: { eventId: event.id, organizerId: event.organizerId },
    },
  );
const events = (count: number) => Array.from({ length: count }, (_, index) => ({ event: named(`Show ${index}`), version: 1 }));

it("a new database asks for a rebuild by itself, which brings back all that may be found", async () => {
  const announced = events(3);
  const cancelled = { event: named("Cancelled", { status: "cancelled" }), version: 4 };
  expect(await sweep(source([...announced, cancelled]))).toBe(4);
  expect((await titles({ q: "show" })).sort()).toEqual(["Show 0", "Show 1", "Show 2"]);
  expect(await titles({ q: "cancelled" })).toEqual([]);
  // Its tombstone came along: an older message brings nothing back.
  await putDocuments(
    db,
    [{ eventId: cancelled.event.id, version: 3, event: { ...cancelled.event, status: "published" } }],
    NOW_MS,
  );
  expect(await titles({ q: "cancelled" })).toEqual([]);
  expect(await sweep(source(announced))).toBe(0);
});

it("search answers from the old index until the new one is whole, and loses what the source no longer has", async () => {
  const announced = events(150);
  await sweep(source([]));
  await put(named("Forgotten by the source"));
  await ask(NOW_MS);
  const seen: string[][] = [];
  await sweep(source(announced, async () => void seen.push(await titles({ limit: "1" }))));
  expect(seen).toEqual([["Forgotten by the source"], ["Forgotten by the source"], ["Forgotten by the source"]]);
  expect(await titles({ q: "forgotten" })).toEqual([]);
  expect(await titles({ q: "shwo", limit: "100" })).toHaveLength(100);
  expect(await state()).toMatchObject({ events_read: 150, finished_at_ms: NOW_MS });
  const left = await db.prepare("SELECT count(*) AS n FROM fresh_documents").first("n");
  expect(left).toBe(0);
});

it("what changes while it runs is in both indexes, whichever of the two saw it first", async () => {
  const announced = events(120);
  const [early, late, gone] = announced
    .toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1))
    .filter((_, index) => index % 59 === 1);
  if (!early || !late || !gone) throw new Error("120 events have three");
  const change = async (which: typeof early, to: Partial<PublishedEvent>) => {
    which.event = { ...which.event, ...to };
    which.version = 2;
    await hear(source(announced), which.event, 2);
  };
  const EVENTS = source(announced, async (page) => {
    if (page !== 2) return;
    await change(early, { title: "Changed after it was read" });
    await change(late, { title: "Changed before it was read" });
    await change(gone, { status: "cancelled" });
  });
  await sweep(EVENTS);
  expect((await titles({ q: "changed" })).sort()).toEqual(["Changed after it was read", "Changed before it was read"]);
  expect(await titles({ q: gone.event.title })).not.toContain(gone.event.title);
  await hear(EVENTS, { ...early.event, title: "Show again" }, 3);
  expect(await titles({ q: "changed after" })).toEqual(["Changed after it was read"]);
});

it("a crash costs a page, a second sweep beside the first costs nothing, and asking again starts over", async () => {
  const announced = events(250);
  const failing = source(announced, async (page) => {
    if (page === 2) throw new Error("events is away");
  });
  await expect(sweep(failing)).rejects.toThrow("away");
  expect(await state()).toMatchObject({ events_read: 100, finished_at_ms: null });
  await Promise.all([sweep(source(announced)), sweep(source(announced))]);
  expect(await state()).toMatchObject({ events_read: 250, finished_at_ms: NOW_MS });
  expect(await titles({ q: "show", limit: "100" })).toHaveLength(100);

  await ask(NOW_MS + 1);
  let asked = false;
  await sweep(
    source(announced, async () => {
      if (!asked) await ask(NOW_MS + 2);
      asked = true;
    }),
  );
  expect(await state()).toMatchObject({ asked_at_ms: NOW_MS + 2, started_at_ms: null, events_read: 0 });
  await sweep(source(announced));
  expect(await state()).toMatchObject({ events_read: 250, finished_at_ms: NOW_MS });
});
