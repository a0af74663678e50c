import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { TicketType } from "../../shared/contracts/events";
import type { MessageData } from "../../shared/contracts/messages";
import { countOrders, salesByDay, summarize } from "../../workers/analytics/sales";
import { publishedEvent } from "../support/published-event";

const db = env.ANALYTICS_DB;
const NOW_MS = Date.parse("2027-07-01T12:00:00Z");
const standing: TicketType = {
  id: crypto.randomUUID(),
  eventId: publishedEvent().id,
  name: "Standing",
  price: { amount: 2500, currency: "EUR" },
  quantity: 50,
  minPerOrder: 1,
  maxPerOrder: 10,
};
const event = publishedEvent({ ticketTypes: [standing] });

const countOrder = (...orders: MessageData<"order.paid">[]) => countOrders(db, orders, NOW_MS);

beforeEach(() => applyD1Migrations(db, env.MIGRATIONS.analytics));
afterEach(() => reset());

const paid = (at: string, change: Partial<MessageData<"order.paid">> = {}): MessageData<"order.paid"> => ({
  orderId: crypto.randomUUID(),
  eventId: event.id,
  organizerId: event.organizerId,
  totalMinor: 5000,
  currency: "EUR",
  ticketCount: 2,
  paidAtMs: Date.parse(at),
  ...change,
});

it("an order counts once, however often and together with whatever its message comes", async () => {
  const order = paid("2027-06-01T10:07:00Z");
  await Promise.all(Array.from({ length: 5 }, () => countOrder(order)));
  const other = paid("2027-06-01T10:08:00Z", { totalMinor: 2500, ticketCount: 1 });
  await countOrder(order, other, order, other);
  expect(await summarize(db, event)).toEqual({ orders: 2, tickets: 3, revenue: { amount: 7500, currency: "EUR" } });
});

it("a failure in one statement counts nothing of the batch, and the messages can come again", async () => {
  const [order, other] = [paid("2027-06-01T10:07:00Z"), paid("2027-06-01T10:07:00Z")];
  await expect(countOrder(order, { ...other, currency: "EURO" })).rejects.toThrow();
  await countOrder(order);
  await countOrder(other);
  expect((await summarize(db, event)).orders).toBe(2);
});

it("a sale belongs to the day that it is at the event, and to another one when the zone is put right", async () => {
  await countOrder(paid("2027-06-01T21:59:00Z"));
  await countOrder(paid("2027-06-01T22:00:00Z"));
  const days = async (timezone: string) =>
    (await salesByDay(db, { ...event, timezone }, {}, NOW_MS)).map(({ period, orders }) => [period, orders]);
  expect(await days("Europe/Vienna")).toEqual([
    ["2027-06-01", 1],
    ["2027-06-02", 1],
  ]);
  expect(await days("America/Los_Angeles")).toEqual([["2027-06-01", 2]]);
  expect(await days("Pacific/Kiritimati")).toEqual([["2027-06-02", 2]]);
  // A quarter of an hour off every whole hour.
  expect(await days("Asia/Kathmandu")).toEqual([["2027-06-02", 2]]);
});

it("from and to are local days, both included, and at most a year is answered", async () => {
  for (const day of ["2026-06-30", "2027-06-01", "2027-06-02", "2027-06-03"]) await countOrder(paid(`${day}T10:00:00Z`));
  const days = async (wish: { from?: string; to?: string }) =>
    (await salesByDay(db, event, wish, NOW_MS)).map(({ period }) => period);
  expect(await days({})).toEqual(["2027-06-01", "2027-06-02", "2027-06-03"]);
  expect(await days({ from: "2027-06-02", to: "2027-06-02" })).toEqual(["2027-06-02"]);
  expect(await days({ from: "2020-01-01", to: "2027-06-01" })).toEqual(["2026-06-30", "2027-06-01"]);
});

it("another event's sales and an event without a currency read zero", async () => {
  await countOrder(paid("2027-06-01T10:00:00Z"));
  expect(await summarize(db, { ...event, id: crypto.randomUUID() })).toEqual({
    orders: 0,
    tickets: 0,
    revenue: { amount: 0, currency: "EUR" },
  });
  expect((await summarize(db, { ...event, ticketTypes: [] })).revenue).toBeNull();
});
