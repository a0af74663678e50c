/** Refunds through the gateway, from the request to the mail's message: full, by amount, by ticket, and of a whole cancelled event. */
import { randomUUID } from "node:crypto";
import { beforeAll, expect, inject, it } from "vitest";
import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { Order, OrderPayment, Payment, PaymentProcessed, Refund } from "../../shared/contracts/orders";
import { connect, parse } from "../support/client";
import { createPublishedEvent, eventually } from "../support/scenes";
import { BUYER, codeOf, openShop, pay, type Shop, Tickets } from "../support/shop";

const OrderPayments = z.object({ data: z.array(OrderPayment) });
let shop: Shop;

beforeAll(async () => {
  shop = await openShop(connect(inject("origin")));
});

const eur = (amount: number) => ({ amount, currency: "EUR" });
const statusOf = async (order: Order): Promise<string> =>
  parse(Order, await shop.withToken(order).get(`/orders/${order.id}`), 200).status;
const ticketsOf = async (order: Order) =>
  parse(Tickets, await shop.withToken(order).get(`/orders/${order.id}/tickets`), 200).data;

async function sell(quantity: number) {
  const order = await shop.placeAsGuest(quantity);
  const { payment } = parse(PaymentProcessed, await pay(shop.withToken(order), order.id, "tok_success"), 200);
  return { order, payment, path: `/payments/${payment.id}/refund` };
}

it("pays back by ticket, by amount and all, voids what was paid back, and puts it on sale again", async () => {
  const owner = shop.box.owner.api;
  const before = await shop.availableNow();
  const { order, payment, path } = await sell(3);
  const [first, second] = await ticketsOf(order);
  const reason = "The second set was called off.";

  expect(codeOf(await shop.api.post(path, { reason }), 401)).toBe("credential_missing");
  expect(codeOf(await shop.withToken(order).post(path, { reason }), 403)).toBe("forbidden");
  expect(codeOf(await shop.person.api.post(path, { reason }), 404)).toBe("payment_not_found");
  expect(codeOf(await owner.post(path, {}), 400)).toBe("invalid_body");
  expect(codeOf(await owner.post(path, { reason, amount: eur(0) }), 400)).toBe("invalid_body");
  expect(codeOf(await owner.post(path, { reason, ticketIds: [randomUUID()] }), 422)).toBe("ticket_not_of_order");

  const idempotencyKey = randomUUID();
  const byTicket = { reason, ticketIds: [first?.id] };
  const made = parse(Refund, await owner.post(path, byTicket, { idempotencyKey }), 201);
  expect(made).toMatchObject({ paymentId: payment.id, amount: eur(2500), status: "succeeded" });
  expect(parse(Refund, await owner.post(path, byTicket, { idempotencyKey }), 201)).toEqual(made);
  expect(await statusOf(order)).toBe("partially_refunded");
  expect((await ticketsOf(order)).map(({ status }) => status)).toEqual(["void", "valid", "valid"]);
  expect(await shop.availableNow()).toBe(before - 2);
  const door = `/events/${shop.box.event.id}/check-ins`;
  expect(codeOf(await owner.post(door, { code: first?.code, nonce: randomUUID() }), 409)).toBe("ticket_void");

  expect(parse(Refund, await owner.post(path, { reason, amount: eur(1000) }), 201).amount).toEqual(eur(1000));
  expect((await owner.post(door, { code: second?.code, nonce: randomUUID() })).status).toBe(201);
  expect(codeOf(await owner.post(path, { reason, amount: eur(4001) }), 409)).toBe("refund_exceeds_payment");
  expect(parse(Refund, await owner.post(path, { reason }), 201).amount).toEqual(eur(4000));
  expect(await statusOf(order)).toBe("refunded");
  expect((await ticketsOf(order)).map(({ status }) => status)).toEqual(["void", "admitted", "void"]);
  expect(parse(Payment, await shop.withToken(order).get(`/payments/${payment.id}`), 200).status).toBe("refunded");
  for (const reader of [owner, shop.withToken(order)]) {
    const [paid, ...others] = parse(OrderPayments, await reader.get(`/orders/${order.id}/payments`), 200).data;
    expect([paid?.id, paid?.refunds.map(({ amount }) => amount.amount), others]).toEqual([payment.id, [2500, 1000, 4000], []]);
  }
  expect(await shop.availableNow()).toBe(before - 1);
  expect(codeOf(await owner.post(path, { reason }), 409)).toBe("refund_exceeds_payment");
});

it("lets nobody refund himself, not even what he has bought as a guest", async () => {
  const placing = { ...shop.draft(1), buyer: { email: shop.box.owner.email.toUpperCase(), name: "Olga Owner" } };
  const order = parse(Order, await shop.api.post("/orders", placing), 201);
  const { payment } = parse(PaymentProcessed, await pay(shop.withToken(order), order.id, "tok_success"), 200);
  const refused = await shop.box.owner.api.post(`/payments/${payment.id}/refund`, { reason: "For me." });
  expect([403, 404]).toContain(refused.status);
  expect(await statusOf(order)).toBe("paid");
});

it("lets one of two refunds at once stand where both are more than was paid", async () => {
  const { order, path } = await sell(2);
  const body = { reason: "Twice.", amount: eur(3000) };
  const answers = await Promise.all([1, 2].map(() => shop.box.owner.api.post(path, body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  const refused = answers.find(({ status }) => status === 409);
  expect(refused && codeOf(refused, 409)).toBe("refund_exceeds_payment");
  expect(await statusOf(order)).toBe("partially_refunded");
});

it("pays everybody back when the event is cancelled, and ends what nobody has paid", async () => {
  const { owner, organizer } = shop.box;
  const event = await createPublishedEvent(owner, organizer.id);
  const placing = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
  const orders: Order[] = [];
  for (const _ of [1, 2, 3, 4]) orders.push(parse(Order, await shop.api.post("/orders", placing), 201));
  const [pending, ...paid] = orders;
  for (const order of paid) parse(PaymentProcessed, await pay(shop.withToken(order), order.id, "tok_success"), 200);

  const cancelling = () => owner.api.post(`/events/${event.id}/cancel`, { reason: "The venue is flooded." });
  expect(parse(PublishedEvent, await cancelling(), 202).status).toBe("cancelled");
  for (const order of paid)
    await eventually("a refunded order", async () => ((await statusOf(order)) === "refunded" ? true : undefined));
  expect(pending && (await statusOf(pending))).toBe("cancelled");
  for (const order of paid) expect((await ticketsOf(order)).map(({ status }) => status)).toEqual(["void"]);
  expect(parse(PublishedEvent, await cancelling(), 200).status).toBe("cancelled");
});
