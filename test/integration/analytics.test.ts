import { beforeAll, describe, expect, inject, test } from "vitest";
import type { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { Order, PaymentProcessed, Refund } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { EventSummary, SalesTimeseries } from "../../workers/analytics/answers";
import { type Client, connect, parse } from "../support/client";
import {
  type Box,
  draftEvent,
  eventually,
  freshEmail,
  mailsTo,
  openBoxOffice,
  outbox,
  registerAndLogin,
} from "../support/scenes";
import { Tickets } from "../support/shop";

const api = connect(inject("origin"));
let box: Box;

beforeAll(async () => {
  box = await openBoxOffice(api);
});

async function sell(
  quantity: number,
  token = "tok_success",
  email = freshEmail("buyer"),
): Promise<z.infer<typeof PaymentProcessed>> {
  const order = parse(
    Order,
    await api.post("/orders", {
      eventId: box.event.id,
      items: [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity }],
      buyer: { email, name: "Béla Buyer" },
    }),
    201,
  );
  const payer = api.as({ token: order.accessToken ?? "" });
  return parse(
    PaymentProcessed,
    await payer.post("/payments/process", { orderId: order.id, provider: "test", paymentMethod: { token } }),
  );
}

const summaryOf = async (client: Client) =>
  parse(EventSummary, await client.get(`/analytics/events/${box.event.id}/summary`), 200);

describe("an event's figures", () => {
  test("are zero in the event's currency before its first sale, and all of its stock is left", async () => {
    const empty = { orders: 0, tickets: 0, refundedTickets: 0, checkIns: 0, revenue: { amount: 0, currency: "EUR" } };
    const { stock, ...figures } = await eventually("the stock of a new event", async () => {
      const summary = await summaryOf(box.owner.api);
      return summary.stock.length > 0 ? summary : undefined;
    });
    expect(figures).toEqual({ eventId: box.event.id, ...empty });
    expect(stock).toEqual([{ ticketTypeId: box.event.ticketTypes[0]?.id, available: 50, sold: 0, asOf: expect.any(String) }]);
  });

  test("count every paid order once, and none that was declined, and follow what is left", async () => {
    await sell(3, "tok_decline");
    await sell(2);
    await sell(1);
    const figures = { orders: 2, tickets: 3, refundedTickets: 0, checkIns: 0, revenue: { amount: 7500, currency: "EUR" } };
    const { stock, ...counted } = await eventually("two orders, and the stock that they took", async () => {
      const summary = await summaryOf(box.owner.api);
      return summary.orders >= 2 && summary.stock[0]?.sold === 3 ? summary : undefined;
    });
    expect(counted).toEqual({ eventId: box.event.id, ...figures });
    // The declined order may still be paid, and keeps its hold.
    expect(stock).toMatchObject([{ available: 44, sold: 3 }]);

    const path = `/analytics/events/${box.event.id}/timeseries?interval=day`;
    const series = parse(SalesTimeseries, await box.owner.api.get(path), 200);
    expect(series.timezone).toBe("Europe/Vienna");
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(series.data.map((day) => day.orders))).toBe(2);
    expect(sum(series.data.map((day) => day.revenue?.amount ?? 0))).toBe(7500);
  });

  test("are net of what was paid back, which its buyer is told once, and its ticket is on sale again", async () => {
    const email = freshEmail("refunded");
    const { payment, order } = await sell(2, "tok_success", email);
    const [ticket] = parse(Tickets, await box.owner.api.get(`/orders/${order.id}/tickets`), 200).data;
    const path = `/payments/${payment.id}/refund`;
    const refund = parse(Refund, await box.owner.api.post(path, { ticketIds: [ticket?.id], reason: "ill" }), 201);
    const figures = { orders: 3, tickets: 5, refundedTickets: 1, checkIns: 0, revenue: { amount: 10_000, currency: "EUR" } };
    const { stock, ...counted } = await eventually("net figures, and the stock that came back", async () => {
      const summary = await summaryOf(box.owner.api);
      return summary.refundedTickets >= 1 && summary.orders >= 3 && summary.stock[0]?.sold === 4 ? summary : undefined;
    });
    expect(counted).toEqual({ eventId: box.event.id, ...figures });
    expect(stock).toMatchObject([{ available: 43, sold: 4 }]);

    const told = await outbox(api, email, ({ data }) => data?.refundId === refund.id);
    expect(told.data).toEqual({ type: "refund", orderId: order.id, refundId: refund.id });
    expect(told.text).toContain("This ticket is no longer valid:\n– Ticket 1 of 2: Standing, ");
    await outbox(api, email, ({ data }) => data?.type === "order_confirmation");
    expect(await mailsTo(api, email)).toHaveLength(2);
  });

  test("count who was let in, once, and are drawn", async () => {
    const { order } = await sell(1);
    const [ticket] = parse(Tickets, await box.owner.api.get(`/orders/${order.id}/tickets`), 200).data;
    for (const nonce of ["first", "again"])
      await box.owner.api.post(`/events/${box.event.id}/check-ins`, { code: ticket?.code, nonce: `${order.id} ${nonce}` });
    await eventually("one check-in", async () => (await summaryOf(box.owner.api)).checkIns === 1 || undefined);
    const hours = await box.owner.api.get(`/analytics/events/${box.event.id}/timeseries?interval=hour`);
    const { data } = parse(SalesTimeseries, hours, 200);
    expect(data.reduce((sum, hour) => sum + hour.checkIns, 0)).toBe(1);
    expect(data.every(({ period, startsAt }) => Date.parse(period) === Date.parse(startsAt))).toBe(true);

    const chart = await box.owner.api.get(`/analytics/events/${box.event.id}/chart.svg?metric=checkIns&interval=hour`);
    expect([chart.status, chart.headers.get("content-type")]).toEqual([200, "image/svg+xml; charset=utf-8"]);
    expect(chart.headers.get("content-security-policy")).toContain("sandbox");
    expect(chart.text).toContain('<title id="chart-title">Check-ins by hour</title>');
  });

  test("are for members who may read them, and not for the others", async () => {
    const path = `/analytics/events/${box.event.id}/summary`;
    const stranger = await registerAndLogin(api);
    const code = async (client: Client, asked: string, status: number) =>
      parse(ProblemBody, await client.get(asked), status).code;
    expect(await code(api, path, 401)).toBe("credential_missing");
    expect(await code(stranger.api, path, 403)).toBe("forbidden");
    expect(await code(box.owner.api, `/analytics/events/${crypto.randomUUID()}/summary`, 404)).toBe("event_not_found");
    expect(await code(box.owner.api, "/analytics/events/nothing/summary", 404)).toBe("event_not_found");
    expect(await code(stranger.api, `/analytics/events/${box.event.id}/chart.svg`, 403)).toBe("forbidden");
    expect(await code(box.owner.api, `/analytics/events/${box.event.id}/chart.svg?metric=luck`, 400)).toBe("invalid_query");
    const wish = `/analytics/events/${box.event.id}/timeseries?interval=century`;
    expect(await code(stranger.api, wish, 403)).toBe("forbidden");
    expect(await code(box.owner.api, wish, 400)).toBe("invalid_query");
    const draft = parse(PublishedEvent, await box.owner.api.post("/events", draftEvent(box.organizer.id)), 201);
    expect(await code(stranger.api, `/analytics/events/${draft.id}/summary`, 404)).toBe("event_not_found");
  });
});
