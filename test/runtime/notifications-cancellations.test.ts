/** An event is called off, against the real SQLite: everybody who had tickets is told once. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Ticket } from "../../shared/contracts/events";
import { ok } from "../../shared/contracts/result";
import { calendarSequence } from "../../shared/locale/appointment";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import type { Env } from "../../workers/notifications/environment";
import { tellBuyers } from "../../workers/notifications/event-rounds";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { type Change, ctx, envelopeOf, event, hearPaid, house, mails, order, ticketOf } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

const CANCELLED: Change = {
  EVENTS: { events: async () => [{ ...event, status: "cancelled", cancelReason: "The <river> rose.\u202e" }] },
};
const message = {
  ...envelopeOf,
  type: "event.cancelled" as const,
  subject: event.id,
  data: { eventId: event.id, organizerId: event.organizerId },
};
const ordersOf = (count: number) => Array.from({ length: count }, () => crypto.randomUUID());

/** Payments, with a list of orders that can grow: pages of `size`. */
function listing(orderIds: string[], size: number) {
  return vi.fn(async (_: string, cursor: string | null) => {
    const from = Number(cursor ?? 0);
    const next = from + size;
    return { orderIds: orderIds.slice(from, next), nextCursor: next < orderIds.length ? String(next) : null };
  });
}

it("each order is told once, page by page over several sweeps, however often the message comes", async () => {
  const orderIds = ordersOf(11);
  const { here } = house({ ...CANCELLED, PAYMENTS: { calledOffOrders: listing(orderIds, 2) } });
  await messageHandlers["event.cancelled"]?.(here, message);
  await messageHandlers["event.cancelled"]?.(here, message);
  expect([await tellBuyers(here), await tellBuyers(here), await tellBuyers(here)]).toEqual([8, 3, 0]);
  await messageHandlers["event.cancelled"]?.(here, message);
  expect(await dispatchDue(here, ctx)).toBe(11);
  const told = await mails(20);
  expect(told.map(({ data }) => data?.orderId).sort()).toEqual(orderIds.toSorted());
  expect(new Set(told.map(({ data }) => data?.type))).toEqual(new Set(["event_cancelled"]));
});

it("who was confirmed while the first pass went by is found by the second, who came late by the one an hour later, and then nobody asks again", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const orderIds = ordersOf(1);
  const calledOffOrders = listing(orderIds, 2);
  const { here } = house({ ...CANCELLED, PAYMENTS: { calledOffOrders } });
  await messageHandlers["event.cancelled"]?.(here, message);
  expect(await tellBuyers(here)).toBe(1);
  orderIds.push(crypto.randomUUID());
  expect(await tellBuyers(here)).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(await tellBuyers(here)).toBe(2);
  expect(await countOwed(here.DB)).toEqual({ queued: 2, parked: 0 });
  orderIds.push(crypto.randomUUID());
  vi.advanceTimersByTime(3_500_000);
  expect(await tellBuyers(here)).toBe(0);
  vi.advanceTimersByTime(100_000);
  expect(await tellBuyers(here)).toBe(3);
  expect(await countOwed(here.DB)).toEqual({ queued: 3, parked: 0 });
  vi.advanceTimersByTime(24 * 3_600_000);
  expect(await tellBuyers(here)).toBe(0);
  // The last pass has two pages.
  expect(calledOffOrders).toHaveBeenCalledTimes(4);
});

it("payments that does not answer loses nobody", async () => {
  const orderIds = ordersOf(3);
  const list = listing(orderIds, 2);
  let isDown = false;
  const calledOffOrders = async (eventId: string, cursor: string | null) => {
    if (isDown) throw new Error("down");
    isDown = true;
    return list(eventId, cursor);
  };
  const { here } = house({ ...CANCELLED, PAYMENTS: { calledOffOrders } });
  await messageHandlers["event.cancelled"]?.(here, message);
  await expect(tellBuyers(here)).rejects.toThrow("down");
  isDown = false;
  expect(await tellBuyers(here)).toBe(1);
  expect(await countOwed(here.DB)).toEqual({ queued: 3, parked: 0 });
});

it.each([
  [
    "en",
    5000,
    [
      "Jazz <b>& more</b> is cancelled",
      "Blue Note had to cancel",
      "no longer valid",
      "What you paid goes back",
      "The reason: The <river> rose.\n",
    ],
  ],
  [
    "de",
    5000,
    [
      "Jazz <b>& more</b> ist abgesagt",
      "Blue Note musste",
      "gelten nicht mehr",
      "Was Sie gezahlt haben",
      "Der Grund: The <river> rose.\n",
    ],
  ],
  ["en", 0, ["no longer valid"]],
])(
  "it says so in %s, of money only where there was some (%i), and takes the date out of the calendar",
  async (language, amount, said) => {
    const orders = async (ids: string[]) => ids.map((id) => ({ ...order(id), language, total: { amount, currency: "EUR" } }));
    const [orderId = ""] = ordersOf(1);
    const { here } = house({ ...CANCELLED, PAYMENTS: { orders, calledOffOrders: listing([orderId], 2) } });
    await messageHandlers["event.cancelled"]?.(here, message);
    await tellBuyers(here);
    expect(await dispatchDue(here, ctx)).toBe(1);
    const [mail] = await mails();
    for (const words of said) expect(`${mail?.subject}\n${mail?.text}`).toContain(words);
    expect(/paid|gezahlt/.test(mail?.text ?? "")).toBe(amount > 0);
    const [file] = mail?.attachments ?? [];
    const calendar = new TextDecoder().decode(Uint8Array.fromBase64(file?.content ?? "")).replaceAll("\r\n ", "");
    expect(file?.contentType).toContain("method=CANCEL");
    for (const line of [
      "METHOD:CANCEL",
      "STATUS:CANCELLED",
      `SEQUENCE:${calendarSequence({ ...event, status: "cancelled" })}`,
      `UID:${event.id}`,
    ])
      expect(calendar.split("\r\n")).toContain(line);
  },
);

it("an event that does not read cancelled yet is told of later", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { here } = house({ PAYMENTS: { calledOffOrders: listing(ordersOf(1), 2) } });
  await messageHandlers["event.cancelled"]?.(here, message);
  await tellBuyers(here);
  expect(await dispatchDue(here, ctx)).toBe(0);
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
});

it.each<Ticket["status"]>(["valid", "void"])(
  "an order whose event was called off before its confirmation left, its tickets %s, is told of the cancellation alone",
  async (status) => {
    const orderId = crypto.randomUUID();
    const ticketsOfOrders: Env["EVENTS"]["ticketsOfOrders"] = async (asked) =>
      asked.map(() => ok([ticketOf(orderId, 1, { status })]));
    const { here } = house({
      EVENTS: { ...CANCELLED.EVENTS, ticketsOfOrders },
      PAYMENTS: { calledOffOrders: listing([orderId], 2) },
    });
    await hearPaid(here, orderId);
    await messageHandlers["event.cancelled"]?.(here, message);
    await tellBuyers(here);
    expect(await dispatchDue(here, ctx)).toBe(2);
    expect((await mails()).map(({ data }) => data)).toEqual([{ type: "event_cancelled", orderId }]);
    expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
  },
);
