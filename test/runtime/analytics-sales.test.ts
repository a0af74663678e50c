import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TicketType } from "../../shared/contracts/events";
import type { MessageData } from "../../shared/contracts/messages";
import type { Message } from "../../shared/queue/consume";
import { figuresByPeriod, summarize } from "../../workers/analytics/figures";
import { countRefunds, countReturns } from "../../workers/analytics/refunds";
import { countOrders } from "../../workers/analytics/sales";
import { readStock, recordStock } from "../../workers/analytics/stock";
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
  expect(await summarize(db, event)).toEqual({
    orders: 2,
    tickets: 3,
    refundedTickets: 0,
    checkIns: 0,
    revenue: { amount: 7500, currency: "EUR" },
  });
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
    (await figuresByPeriod(db, { ...event, timezone }, { interval: "day" }, NOW_MS)).map(({ name, orders }) => [name, orders]);
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
    (await figuresByPeriod(db, event, { interval: "day", ...wish }, NOW_MS)).map(({ name }) => name);
  expect(await days({})).toEqual(["2027-06-01", "2027-06-02", "2027-06-03"]);
  expect(await days({ from: "2027-06-02", to: "2027-06-02" })).toEqual(["2027-06-02"]);
  expect(await days({ from: "2020-01-01", to: "2027-06-01" })).toEqual(["2026-06-30", "2027-06-01"]);
});

it("another event's sales and an event without a currency read zero", async () => {
  await countOrder(paid("2027-06-01T10:00:00Z"));
  expect(await summarize(db, { ...event, id: crypto.randomUUID() })).toEqual({
    orders: 0,
    tickets: 0,
    refundedTickets: 0,
    checkIns: 0,
    revenue: { amount: 0, currency: "EUR" },
  });
  expect((await summarize(db, { ...event, ticketTypes: [] })).revenue).toBeNull();
});

describe("refunds", () => {
  const moved = {
    paymentId: crypto.randomUUID(),
    orderId: crypto.randomUUID(),
    eventId: event.id,
    organizerId: event.organizerId,
    amountMinor: 2500,
    currency: "EUR",
    reason: "requested" as const,
    ticketCount: 1,
  };
  const refunded = (at: string, change: Partial<MessageData<"refund.succeeded">> = {}, version = 2) => ({
    version,
    data: { ...moved, refundId: crypto.randomUUID(), refundedAtMs: Date.parse(at), ...change },
  });

  it("make revenue net, each once for ever, before or after their sale, and leave what was sold", async () => {
    const refund = refunded("2027-06-03T10:00:00Z");
    await Promise.all(Array.from({ length: 5 }, () => countRefunds(db, [refund, refund], NOW_MS)));
    await countOrder(paid("2027-06-01T10:07:00Z"));
    await countRefunds(db, [refund, refunded("2027-06-03T10:01:00Z", { amountMinor: 300, ticketCount: 0 })], NOW_MS);
    expect(await summarize(db, event)).toEqual({
      orders: 1,
      tickets: 2,
      refundedTickets: 1,
      checkIns: 0,
      revenue: { amount: 2200, currency: "EUR" },
    });
    const days = await figuresByPeriod(db, event, { interval: "day" }, NOW_MS);
    expect(days.map(({ name, orders, refundedTickets, revenue }) => [name, orders, refundedTickets, revenue?.amount])).toEqual([
      ["2027-06-01", 1, 0, 5000],
      ["2027-06-03", 0, 1, -2800],
    ]);
  });

  it("of money that bought nothing take nothing away", async () => {
    await countOrder(paid("2027-06-01T10:07:00Z"));
    const cancelled = refunded("2027-06-01T10:08:00Z", { reason: "event_cancelled", amountMinor: 5000, ticketCount: 2 });
    await countRefunds(db, [refunded("2027-06-01T10:07:30Z", { reason: "surplus", ticketCount: 0 }), cancelled], NOW_MS);
    expect(await summarize(db, event)).toMatchObject({ refundedTickets: 2, revenue: { amount: 0 } });
  });

  it("whose money came back take nothing away until it is paid again, each on its own day", async () => {
    await countOrder(paid("2027-06-01T10:07:00Z"));
    const first = refunded("2027-06-02T10:00:00Z");
    const { refundId } = first.data;
    const returned = { version: 3, data: { ...moved, refundId, returnedAtMs: Date.parse("2027-06-04T10:00:00Z") } };
    const again = refunded("2027-06-06T10:00:00Z", { refundId }, 5);
    await countReturns(db, [returned, returned], NOW_MS);
    await countRefunds(db, [first], NOW_MS);
    expect(await summarize(db, event)).toMatchObject({ refundedTickets: 0, revenue: { amount: 5000 } });
    await countRefunds(db, [again, first], NOW_MS);
    await countReturns(db, [returned], NOW_MS);
    expect(await summarize(db, event)).toMatchObject({ refundedTickets: 1, revenue: { amount: 2500 } });
    const days = await figuresByPeriod(db, event, { interval: "day" }, NOW_MS);
    expect(days.map(({ refundedTickets, revenue }) => [refundedTickets, revenue?.amount])).toEqual([
      [0, 5000],
      [1, -2500],
      [-1, 2500],
      [1, -2500],
    ]);
  });

  it("that were counted before their versions were kept are not counted again", async () => {
    const old = refunded("2027-06-02T10:00:00Z");
    await db
      .prepare("INSERT INTO counted_refund_facts (refund_id, version, event_id, counted_at_ms) VALUES (?, 0, ?, 0)")
      .bind(old.data.refundId, event.id)
      .run();
    await countRefunds(db, [old], NOW_MS);
    expect(await summarize(db, event)).toMatchObject({ refundedTickets: 0, revenue: { amount: 0 } });
  });

  it("count nothing of a batch of which one statement fails", async () => {
    const [refund, other] = [refunded("2027-06-01T10:07:00Z"), refunded("2027-06-01T10:07:00Z", { currency: "EURO" })];
    await expect(countRefunds(db, [refund, other], NOW_MS)).rejects.toThrow();
    await countRefunds(db, [refund], NOW_MS);
    expect(await summarize(db, event)).toMatchObject({ refundedTickets: 1, revenue: { amount: -2500 } });
  });
});

describe("stock", () => {
  const seats: TicketType = { ...standing, id: crypto.randomUUID(), name: "Seats" };
  const both = publishedEvent({ ticketTypes: [standing, seats] });
  const told = (version: number, levels: [TicketType, number, number | null][]): Message<"inventory.availability_changed"> => ({
    id: crypto.randomUUID(),
    type: "inventory.availability_changed",
    subject: `${event.id}/availability`,
    version,
    timeMs: NOW_MS,
    traceparent: undefined,
    data: {
      eventId: event.id,
      organizerId: event.organizerId,
      ticketTypes: levels.map(([{ id }, available, sold]) => ({ ticketTypeId: id, available, sold })),
      asOfMs: NOW_MS + version,
    },
  });
  const levels = async (of = both) => (await readStock(db, of)).map(({ available, sold }) => [available, sold]);

  it("is what the newest message says, however they come, also several in one batch", async () => {
    const messages = [1, 2, 3, 4].map((version) =>
      told(version, [
        [standing, 50 - version, version],
        [seats, 10, null],
      ]),
    );
    const [first, second, third, fourth] = messages as [
      (typeof messages)[0],
      (typeof messages)[0],
      (typeof messages)[0],
      (typeof messages)[0],
    ];
    await recordStock(db, [second, first]);
    expect(await levels()).toEqual([
      [48, 2],
      [10, null],
    ]);
    await recordStock(db, [fourth, third, fourth, first]);
    await recordStock(db, [third]);
    expect(await readStock(db, both)).toEqual([
      { ticketTypeId: standing.id, available: 46, sold: 4, asOf: new Date(NOW_MS + 4).toISOString() },
      { ticketTypeId: seats.id, available: 10, sold: null, asOf: new Date(NOW_MS + 4).toISOString() },
    ]);
  });

  it("shows no type that the event no longer has, and none that nothing was told of", async () => {
    await recordStock(db, [told(1, [[standing, 3, 0]])]);
    expect(await levels()).toEqual([[3, 0]]);
    await recordStock(db, [told(2, [[seats, 4, 0]])]);
    expect(await levels(publishedEvent({ ticketTypes: [seats] }))).toEqual([[4, 0]]);
    expect(await levels(publishedEvent({ id: crypto.randomUUID(), ticketTypes: [seats] }))).toEqual([]);
  });
});
