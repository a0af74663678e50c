/** An event is moved, against the real SQLite: everybody who had ordered is told once what it was and what it is. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PublishedEvent, Ticket } from "../../shared/contracts/events";
import type { FormerAppointment } from "../../shared/contracts/events-rpc";
import type { OrderFacts } from "../../shared/contracts/orders";
import { ok } from "../../shared/contracts/result";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { tellBuyers } from "../../workers/notifications/event-rounds";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { ctx, envelopeOf, event, hearPaid, house, mails, order, ticketOf } from "../support/notifications-room";
import { swapSql } from "../support/swapped-database";

const NOW_MS = Date.parse("2027-05-01T12:00:00Z");
const MINUTE_MS = 60_000;

beforeEach(async () => {
  await applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications);
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
});
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

type Where = Partial<PublishedEvent["location"]>;
interface When {
  startDate?: string;
  endDate?: string;
  timezone?: string;
  location?: Where;
}

/** An event that can be moved, with its history, and everybody who is asked about it. */
function hall(change: { event?: Partial<PublishedEvent>; order?: Partial<OrderFacts>; tickets?: Ticket["status"] } = {}) {
  let standing: PublishedEvent = { ...event, ...change.event };
  const history: FormerAppointment[] = [];
  const orderIds: string[] = [];
  let version = 5;
  const standingOrders = vi.fn(async (_: string, beforeMs: number, cursor: string | null) => {
    expect(beforeMs).toBeLessThanOrEqual(Date.now());
    const from = Number(cursor ?? 0);
    const next = from + 2;
    return { orderIds: orderIds.slice(from, next), nextCursor: next < orderIds.length ? String(next) : null };
  });
  const { here } = house({
    ENVIRONMENT: "production",
    EVENTS: {
      events: async () => [standing],
      formerAppointments: async () => history,
      ticketsOfOrders: async (asked) =>
        asked.map(({ orderId }) => ok([ticketOf(orderId, 1, { status: change.tickets ?? "valid" })])),
    },
    PAYMENTS: { standingOrders, orders: async (ids) => ids.map((id) => ({ ...order(id), ...change.order })) },
  });
  // Captured as in development, at production's pace.
  const carried = { ...here, ENVIRONMENT: "development" };
  const hear = (heard: number, timeMs: number) =>
    messageHandlers["event.moved"]?.(here, {
      ...envelopeOf,
      type: "event.moved",
      subject: event.id,
      version: heard,
      timeMs,
      data: { eventId: event.id, organizerId: event.organizerId },
    });
  return {
    here,
    orderIds,
    standingOrders,
    hear,
    change: (change: Partial<PublishedEvent>) => {
      standing = { ...standing, ...change };
    },
    async move({ location, ...when }: When, askedAtMs = Date.now()): Promise<number> {
      version++;
      const { id: eventId, startDate, endDate, timezone, location: before } = standing;
      const { coordinates, ...where } = before;
      history.push({ eventId, startDate, endDate, timezone, location: where, untilVersion: version, untilMs: Date.now() });
      const updatedAt = new Date().toISOString();
      standing = { ...standing, ...when, location: { ...where, coordinates, ...location }, updatedAt };
      await hear(version, askedAtMs);
      return version;
    },
    /** As the sweeps do, a minute or so apart; returns how many mails that settled, and how many are there. */
    async minutes(count: number): Promise<[settled: number, mails: number]> {
      let settled = 0;
      for (let minute = 0; minute < count; minute++) {
        vi.advanceTimersByTime(MINUTE_MS);
        await tellBuyers(here);
        settled += await dispatchDue(carried, ctx);
      }
      return [settled, (await mails(50)).length];
    },
  };
}

const DAY_LATER: When = { startDate: "2027-06-06T17:30:00.000Z", endDate: "2027-06-06T21:00:00.000Z" };
const HOUR_LATER: When = { startDate: "2027-06-05T18:30:00.000Z", endDate: "2027-06-05T22:00:00.000Z" };
const ELSEWHERE: When = { location: { venue: "Jazz Barn", address: "Gasse 7" } };
const someOrders = (count: number) => Array.from({ length: count }, () => crypto.randomUUID());

it("edits of some minutes are told as one, to each order once, page by page over several sweeps", async () => {
  const place = hall();
  place.orderIds.push(...someOrders(11));
  await place.move(HOUR_LATER);
  expect(await place.minutes(4)).toEqual([0, 0]);
  await place.move(DAY_LATER);
  const version = await place.move(ELSEWHERE);
  expect(await place.minutes(4)).toEqual([0, 0]);
  expect(await place.minutes(3)).toEqual([11, 11]);
  await place.hear(version, NOW_MS);
  await place.hear(version - 1, NOW_MS);
  expect(await place.minutes(60)).toEqual([0, 11]);
  const told = await mails(20);
  expect(told.map(({ data }) => data?.orderId).sort()).toEqual(place.orderIds.toSorted());
  for (const { subject, text, data } of told) {
    expect([subject, data?.type]).toEqual(["New date and place for Jazz <b>& more</b>", "event_moved"]);
    expect(text).toContain("Sunday, 6 June 2027, 19:30–23:00 CEST\nJazz Barn, Gasse 7, Vienna, AT");
    expect(text).toContain("– Saturday, 5 June 2027, 19:30–23:00 CEST\n– Blue Note, Ring 1, Vienna, AT");
  }
});

it("an organizer who never stops is told of all the same, half an hour after he began", async () => {
  const place = hall();
  place.orderIds.push(...someOrders(1));
  let told = 0;
  for (let edit = 0; edit < 16; edit++) {
    await place.move({ startDate: `2027-06-05T17:${30 + edit}:00.000Z` });
    [, told] = await place.minutes(2);
    if (told > 0) break;
    expect(edit).toBeLessThan(15);
  }
  expect(told).toBe(1);
});

it("a second move is told against the first, which is what was said last", async () => {
  const place = hall();
  place.orderIds.push(...someOrders(1));
  await place.move(DAY_LATER);
  expect(await place.minutes(7)).toEqual([1, 1]);
  await place.move(ELSEWHERE);
  expect(await place.minutes(7)).toEqual([1, 2]);
  const [second] = await mails();
  expect(second?.subject).toBe("New place for Jazz <b>& more</b>");
  expect(second?.text).toContain("Before that it was to be:\n– Blue Note, Ring 1, Vienna, AT\n");
});

it("what is put back before anybody was told is told to nobody, and after it to everybody", async () => {
  const place = hall();
  place.orderIds.push(...someOrders(1));
  const back = { startDate: event.startDate, endDate: event.endDate };
  await place.move(DAY_LATER);
  await place.move(back);
  expect(await place.minutes(10)).toEqual([1, 0]);
  await place.move(DAY_LATER);
  expect(await place.minutes(10)).toEqual([1, 1]);
  await place.move(back);
  expect(await place.minutes(10)).toEqual([1, 2]);
});

describe("nobody is told", () => {
  const cases: [string, Parameters<typeof hall>[0], When][] = [
    ["whose money went back", { order: { status: "refunded" } }, DAY_LATER],
    ["who cancelled", { order: { status: "cancelled" } }, DAY_LATER],
    ["whose tickets are all void", { tickets: "void" }, DAY_LATER],
    ["of what reads as it did", {}, { timezone: "Europe/Berlin" }],
    ["who ordered after the move", { order: { createdAt: "2027-05-01T12:00:01Z" } }, DAY_LATER],
    ["of an event that is over", {}, { startDate: "2027-04-30T17:30:00.000Z", endDate: "2027-04-30T19:30:00.000Z" }],
    ["of an event that was cancelled meanwhile", { event: { status: "cancelled" } }, DAY_LATER],
    ["of an event that was completed meanwhile", { event: { status: "completed" } }, DAY_LATER],
  ];
  it.each(cases)("%s", async (_, change, when) => {
    const place = hall(change);
    place.orderIds.push(...someOrders(1));
    await place.move(when);
    expect(await place.minutes(10)).toEqual([1, 0]);
    expect(await countOwed(place.here.DB)).toEqual({ queued: 0, parked: 0 });
  });
});

it("who had ordered before and pays after everybody was told is told then", async () => {
  const place = hall();
  await place.move(DAY_LATER);
  expect(await place.minutes(10)).toEqual([0, 0]);
  vi.advanceTimersByTime(3 * 24 * 60 * MINUTE_MS);
  await hearPaid(place.here, crypto.randomUUID());
  expect(await place.minutes(10)).toEqual([2, 2]);
  expect((await mails()).map(({ data }) => data?.type).sort()).toEqual(["event_moved", "order_confirmation"]);
  // Who ordered since is not even looked at.
  await hearPaid(place.here, crypto.randomUUID(), Date.now());
  expect(await countOwed(place.here.DB)).toEqual({ queued: 1, parked: 0 });
});

it("who ordered after the wish and before the move was written is asked for and told", async () => {
  const place = hall({ order: { createdAt: new Date(NOW_MS + 500).toISOString() } });
  place.orderIds.push(...someOrders(1));
  vi.advanceTimersByTime(10_000);
  await place.move(DAY_LATER, NOW_MS);
  expect(await place.minutes(10)).toEqual([1, 1]);
  expect(place.standingOrders.mock.calls[0]?.[1]).toBeGreaterThan(NOW_MS + 500);
});

it("payments that does not answer loses nobody", async () => {
  const place = hall();
  place.orderIds.push(...someOrders(3));
  await place.move(DAY_LATER);
  vi.advanceTimersByTime(6 * MINUTE_MS);
  place.standingOrders.mockRejectedValueOnce(new Error("down"));
  await expect(tellBuyers(place.here)).rejects.toThrow("down");
  expect(await place.minutes(1)).toEqual([3, 3]);
});

/** A move that is heard of while the one before it is told, and how many mails come of the two. */
async function toldMeanwhile(db: D1Database): Promise<(string | undefined)[]> {
  const place = hall();
  place.orderIds.push(...someOrders(1));
  await place.move(HOUR_LATER);
  vi.advanceTimersByTime(6 * MINUTE_MS);
  place.standingOrders.mockImplementationOnce(async () => {
    await place.move(DAY_LATER);
    return { orderIds: place.orderIds, nextCursor: null };
  });
  await tellBuyers({ ...place.here, DB: db });
  await place.minutes(10);
  return (await mails()).map(({ subject }) => subject);
}

it("a move that comes while the one before it is told is told in its place", async () => {
  expect(await toldMeanwhile(env.NOTIFICATIONS_DB)).toEqual(["New date for Jazz <b>& more</b>"]);
});

it("control: without its version in the condition nobody hears of it", async () => {
  const { db, swaps } = swapSql(env.NOTIFICATIONS_DB, "AND version = ?2", "AND ?2 = ?2");
  expect(await toldMeanwhile(db)).toEqual([]);
  expect(swaps()).toBe(1);
});

it("a mail that could not leave before the next move leaves that one to tell", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const place = hall();
  place.orderIds.push(...someOrders(1));
  await place.move(HOUR_LATER);
  vi.advanceTimersByTime(6 * MINUTE_MS);
  await tellBuyers(place.here);
  await place.move(DAY_LATER);
  expect(await place.minutes(1)).toEqual([1, 0]);
  expect(await place.minutes(9)).toEqual([1, 1]);
  expect((await mails())[0]?.text).toContain("– Saturday, 5 June 2027, 19:30–23:00 CEST");
});

it.each<[string, When, string, string[]]>([
  ["en", HOUR_LATER, "New time for Jazz", ["Blue Note has changed the time of", "Your tickets stay valid", "Refunds: None."]],
  [
    "de",
    DAY_LATER,
    "Neuer Termin für Jazz",
    ["Blue Note hat den Termin von", "Ihre Tickets gelten weiter", "Vorher sollte es sein:"],
  ],
  [
    "de",
    { ...HOUR_LATER, ...ELSEWHERE },
    "Neue Uhrzeit und neuer Ort für Jazz",
    ["die Uhrzeit und den Ort", "– Samstag, 5. Juni 2027, 19:30–23:00 Uhr MESZ", "– Blue Note, Ring 1, Vienna, AT"],
  ],
  ["de", ELSEWHERE, "Neuer Ort für Jazz", ["hat den Ort von"]],
])("it says so in %s, and moves the date in the calendar", async (language, when, subject, said) => {
  const settings = { ...event.settings, refundPolicy: "None." };
  const place = hall({ order: { language }, event: { settings } });
  place.orderIds.push(...someOrders(1));
  await place.move(when);
  await place.minutes(7);
  const [mail] = await mails();
  expect(mail?.subject).toContain(subject);
  for (const words of said) expect(mail?.text).toContain(words);
  const [file] = mail?.attachments ?? [];
  const calendar = new TextDecoder().decode(Uint8Array.fromBase64(file?.content ?? "")).replaceAll("\r\n ", "");
  expect(file?.contentType).toContain("method=PUBLISH");
  const lines = calendar.split("\r\n");
  const start = (when.startDate ?? event.startDate).replaceAll(/[-:]|\.000/g, "");
  expect(lines).toEqual(expect.arrayContaining(["METHOD:PUBLISH", "STATUS:CONFIRMED", `UID:${event.id}`, `DTSTART:${start}`]));
  const sequence = Number(/^SEQUENCE:(\d+)$/m.exec(calendar)?.[1]);
  // Who paid in the very second of the move has a file of that second.
  expect(sequence).toBeGreaterThan((NOW_MS - Date.parse(event.createdAt)) / 1000);
});
