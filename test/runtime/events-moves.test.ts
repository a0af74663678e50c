/** An event on sale is moved: what it was is kept by the change itself, and is news. */
import { afterEach, describe, expect, test } from "vitest";
import type { EventChange, PublishedEvent } from "../../shared/contracts/events";
import type { Envelope } from "../../shared/contracts/messages";
import { formerAppointmentsOf } from "../../workers/events/appointments";
import { retellForgotten } from "../../workers/events/forgotten-news";
import { countTrips } from "../support/counted-database";
import { age, closeRooms, draft, openRoom, publishNew, type Room, withDoors } from "../support/events-room";

afterEach(closeRooms);

/** What left for the mailbox of notifications. */
async function listenAs(): Promise<{ room: Room; heard: Envelope[] }> {
  const heard: Envelope[] = [];
  const mailbox = {
    sendBatch: async (messages: Iterable<MessageSendRequest<Envelope>>) => {
      for (const { body } of messages) heard.push(body);
    },
    // What the outbox sends by, and no more of a queue.
  } as unknown as Queue;
  return { room: await openRoom({ NOTIFICATIONS_MAILBOX: mailbox }), heard };
}

const put = (room: Room, { id }: PublishedEvent, body: EventChange) => room.ask("PUT", `/events/${id}`, { as: room.owner, body });
const later = (timestamp: string, hours: number): string => new Date(Date.parse(timestamp) + hours * 3_600_000).toISOString();
const moved = (event: PublishedEvent, hours: number): EventChange => ({
  startDate: later(event.startDate, hours),
  endDate: later(event.endDate, hours),
});
const versionsOf = (heard: readonly Envelope[]) =>
  heard.filter(({ type }) => type === "event.moved").map(({ subject, version }) => [subject, version]);

describe("a move", () => {
  const MOVES: [string, (event: PublishedEvent) => EventChange][] = [
    ["start", ({ startDate }) => ({ startDate: later(startDate, 1) })],
    ["end", ({ endDate }) => ({ endDate: later(endDate, 1) })],
    ["time zone", () => ({ timezone: "Europe/London" })],
    ...(["venue", "address", "city", "country"] as const).map((field): [string, (event: PublishedEvent) => EventChange] => [
      field,
      ({ location }) => ({ location: { ...location, [field]: field === "country" ? "DE" : "Elsewhere" } }),
    ]),
  ];

  test.each(MOVES)("of the %s is told, and what it was is kept", async (_, change) => {
    const { room, heard } = await listenAs();
    const event = await publishNew(room);
    expect((await put(room, event, change(event))).status).toBe(200);
    await room.idle();
    const [former, ...more] = await formerAppointmentsOf(room.env, [event.id]);
    const { venue, address, city, country } = event.location;
    const { startDate, endDate, timezone } = event;
    expect(former).toMatchObject({
      eventId: event.id,
      startDate,
      endDate,
      timezone,
      location: { venue, address, city, country },
    });
    expect(more).toEqual([]);
    expect(versionsOf(heard)).toEqual([[event.id, former?.untilVersion]]);
  });

  test.each<[string, (event: PublishedEvent) => EventChange]>([
    ["title", () => ({ title: "Another evening" })],
    ["capacity", () => ({ capacity: 60 })],
    ["pin on the map", ({ location }) => ({ location: { ...location, coordinates: { lat: 48.3, lng: 16.4 } } })],
    ["same date once more", ({ startDate }) => ({ startDate })],
  ])("is none with another %s", async (_, change) => {
    const { room, heard } = await listenAs();
    const event = await publishNew(room);
    expect((await put(room, event, change(event))).status).toBe(200);
    await room.idle();
    expect(await formerAppointmentsOf(room.env, [event.id])).toEqual([]);
    expect(versionsOf(heard)).toEqual([]);
  });

  test("of a draft is nobody's business", async () => {
    const { room, heard } = await listenAs();
    const event = await draft(room);
    expect((await put(room, event, moved(event, 24))).status).toBe(200);
    expect((await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner })).status).toBe(200);
    await room.idle();
    expect(await formerAppointmentsOf(room.env, [event.id])).toEqual([]);
    expect(versionsOf(heard)).toEqual([]);
  });

  test("that a crash left half-way is told by whoever carries on with it", async () => {
    const { room, heard } = await listenAs();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors(() => ({ reconfigure: () => Promise.reject(new Error("killed")) }));
    expect((await put(room, event, moved(event, 24))).status).toBe(500);
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    expect(await formerAppointmentsOf(room.env, [event.id])).toEqual([]);
    await age(room);
    // Until here everybody who orders does so by the old date.
    const orderedMs = Date.now();
    expect((await room.sweep()).settled).toBe(1);
    await room.idle();
    const [former] = await formerAppointmentsOf(room.env, [event.id]);
    expect(former?.untilMs).toBeGreaterThanOrEqual(orderedMs);
    expect(former?.untilMs).toBeLessThanOrEqual(Date.now());
    expect(former?.startDate).toBe(event.startDate);
    expect(versionsOf(heard)).toEqual([[event.id, former?.untilVersion]]);
  });
});

test("of the moves of one event the newest fifty are kept, in their order", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const other = await publishNew(room);
  await put(room, other, moved(other, 1));
  for (let hours = 1; hours <= 53; hours++)
    await room.env.DB.prepare(
      "UPDATE events SET start_ms = start_ms + 1000, version = version + 1, updated_at_ms = updated_at_ms + 1 WHERE id = ?",
    )
      .bind(event.id)
      .run();
  const kept = await formerAppointmentsOf(room.env, [event.id]);
  expect(kept.map(({ startDate }) => Date.parse(startDate) - Date.parse(event.startDate))).toEqual(
    Array.from({ length: 50 }, (_, index) => (index + 3) * 1000),
  );
  expect(await formerAppointmentsOf(room.env, [event.id, other.id])).toHaveLength(51);
});

test("a move that a local queue may have forgotten is told once more, by the version that it had", async () => {
  const { room, heard } = await listenAs();
  const event = await publishNew(room);
  await put(room, event, moved(event, 24));
  await put(room, event, { title: "Another evening" });
  await room.idle();
  const told = versionsOf(heard);
  expect(told).toHaveLength(1);
  heard.length = 0;
  const elsewhere = { ...room.env, DB: countTrips(room.env.DB).db, QUEUES_FORGET: "yes" };
  expect(await retellForgotten(elsewhere, Date.now())).toBe(2);
  await room.env.DB.prepare("UPDATE outbox SET created_at_ms = 0").run();
  await room.sweep();
  expect(versionsOf(heard)).toEqual(told);
});
