/** Tickets are given other seats, against the real SQLite: whoever has them is told once, with the tickets as they are now. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PublishedEvent, Ticket } from "../../shared/contracts/events";
import { ok } from "../../shared/contracts/result";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { ctx, envelopeOf, event, house, mails, order, ticketOf } from "../support/notifications-room";

const MINUTE_MS = 60_000;
const ORDER = crypto.randomUUID();
const BOUGHT = ["Row 1 · Seat 1", "Row 1 · Seat 2"];

beforeEach(async () => {
  await applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2027-05-01T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

function theatre(change: { language?: string; event?: Partial<PublishedEvent>; status?: Ticket["status"] } = {}) {
  let seats = BOUGHT;
  let version = 0;
  const { here } = house({
    ENVIRONMENT: "production",
    EVENTS: {
      events: async () => [{ ...event, ...change.event }],
      ticketsOfOrders: async (asked) =>
        asked.map(({ orderId }) =>
          ok(seats.map((seat, index) => ticketOf(orderId, index + 1, { seat, status: change.status ?? "valid" }))),
        ),
    },
    PAYMENTS: {
      orders: async (ids) =>
        ids.map((id) => {
          const { items, ...rest } = order(id);
          const bought = BOUGHT.map((label) => ({ id: label, label }));
          return { ...rest, language: change.language ?? null, items: items.map((item) => ({ ...item, seats: bought })) };
        }),
    },
  });
  // Captured as in development, at production's pace.
  const carried = { ...here, ENVIRONMENT: "development" };
  return {
    here,
    async swap(...to: string[]) {
      seats = to;
      await messageHandlers["seats.swapped"]?.(here, {
        ...envelopeOf,
        type: "seats.swapped",
        subject: `${event.id}/seats`,
        version: ++version,
        timeMs: Date.now(),
        data: { eventId: event.id, organizerId: event.organizerId, orderIds: [ORDER] },
      });
    },
    async minutes(count: number): Promise<number> {
      for (let minute = 0; minute < count; minute++) {
        vi.advanceTimersByTime(MINUTE_MS);
        await dispatchDue(carried, ctx);
      }
      expect(await countOwed(here.DB)).toMatchObject({ parked: 0 });
      return (await mails()).length;
    },
  };
}

it.each([
  [
    "en",
    "New seats for Jazz <b>& more</b>",
    "Ticket 2 of 2: Standing, Row 4 · Seat 7 instead of Row 1 · Seat 2",
    "Their codes are the same",
    "tickets-to-print.pdf",
  ],
  [
    "de",
    "Neue Plätze für Jazz <b>& more</b>",
    "Ticket 2 von 2: Standing, Row 4 · Seat 7 statt Row 1 · Seat 2",
    "Die Codes sind dieselben",
    "tickets-zum-drucken.pdf",
  ],
])("in %s swaps of some minutes are told as one, with the new tickets", async (language, subject, line, codes, file) => {
  const place = theatre({ language });
  await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
  expect(await place.minutes(4)).toBe(0);
  await place.swap("Row 1 · Seat 1", "Row 4 · Seat 7");
  expect(await place.minutes(4)).toBe(0);
  expect(await place.minutes(20)).toBe(1);
  const [mail] = await mails();
  expect(mail?.subject).toBe(subject);
  expect(mail?.data).toEqual({ type: "seats_changed", orderId: ORDER });
  for (const words of [line, codes, "Row 1 · Seat 1\nC"]) expect(mail?.text).toContain(words);
  expect(mail?.text).not.toContain("Row 9");
  const files = mail?.attachments?.map(({ filename }) => filename) ?? [];
  expect(files).toEqual(["ticket-1.png", "ticket-2.png", file, expect.stringMatching(/\.pdf$/)]);
});

it("who sits again as he bought hears of it only when he was told otherwise", async () => {
  const place = theatre();
  await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
  await place.swap(...BOUGHT);
  expect(await place.minutes(10)).toBe(0);
  await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
  expect(await place.minutes(10)).toBe(1);
  await place.swap(...BOUGHT);
  expect(await place.minutes(10)).toBe(2);
  const [mail] = await mails();
  expect(mail?.text).toContain("– Ticket 1 of 2: Standing, Row 1 · Seat 1\n– Ticket 2 of 2: Standing, Row 1 · Seat 2\n");
});

it("who is moved again and again is told all the same, half an hour after the first time, and from then on anew", async () => {
  const place = theatre();
  const toldAt: number[] = [];
  for (let minute = 0; minute < 76; minute += 4) {
    await place.swap("Row 9 · Seat 1", `Row 9 · Seat ${minute + 2}`);
    for (let step = 1; step <= 4; step++) if ((await place.minutes(1)) > toldAt.length) toldAt.push(minute + step);
  }
  // Those between were told with them, and the first that was not is that of minute 32.
  expect(toldAt).toEqual([30, 62]);
  const [last] = await mails();
  expect(last?.text).toContain("Row 9 · Seat 62 instead of Row 1 · Seat 2");
});

it("what was put back unsaid does not hasten what follows", async () => {
  const place = theatre();
  await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
  await place.swap(...BOUGHT);
  expect(await place.minutes(28)).toBe(0);
  await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
  expect(await place.minutes(4)).toBe(0);
  expect(await place.minutes(1)).toBe(1);
});

describe("nobody is told", () => {
  it.each<[string, Parameters<typeof theatre>[0]]>([
    ["whose tickets are void", { status: "void" }],
    ["of an event that was cancelled meanwhile", { event: { status: "cancelled" } }],
    ["of an event that is over", { event: { endDate: "2027-05-01T11:00:00.000Z" } }],
  ])("%s", async (_, change) => {
    const place = theatre(change);
    await place.swap("Row 9 · Seat 1", "Row 9 · Seat 2");
    expect(await place.minutes(10)).toBe(0);
    expect(await countOwed(place.here.DB)).toEqual({ queued: 0, parked: 0 });
  });
});
