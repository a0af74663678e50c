import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { CheckIn } from "../../shared/contracts/check-ins";
import { Hold } from "../../shared/contracts/holds";
import { Order, Payment, PaymentProcessed } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { type Answer, connect, parse } from "../support/client";
import { createPublishedEvent, eventually } from "../support/scenes";
import { BUYER, codeOf, Orders, openShop, paidWithin, pay, type Shop, Tickets } from "../support/shop";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(connect(inject("origin")));
});

describe("a sale", () => {
  it("works for a guest without a hold: ordered, paid, tickets, admitted once", async () => {
    const order = await shop.placeAsGuest();
    expect(order).toMatchObject({
      status: "pending",
      subtotal: { amount: 5000, currency: "EUR" },
      total: { amount: 5000 },
      buyer: BUYER,
    });
    const guest = shop.withToken(order);
    const paid = parse(PaymentProcessed, await pay(guest, order.id, "tok_success"), 200);
    expect(paid).toMatchObject({ payment: { status: "succeeded", amount: order.total }, order: { status: "paid" } });
    const { data } = parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200);
    expect(data.map(({ holder }) => holder)).toEqual([BUYER, BUYER]);
    const checkIn = { code: data[0]?.code, nonce: randomUUID() };
    const door = `/events/${shop.box.event.id}/check-ins`;
    expect(parse(CheckIn, await shop.box.owner.api.post(door, checkIn), 201).result).toBe("admitted");
    expect(codeOf(await shop.box.owner.api.post(door, { ...checkIn, nonce: randomUUID() }), 409)).toBe("already_admitted");
  });

  it("works for a signed-in buyer from a hold", async () => {
    const hold = parse(
      Hold,
      await shop.person.api.post(`/events/${shop.box.event.id}/holds`, { items: [{ ticketTypeId: shop.typeId, quantity: 1 }] }),
      201,
    );
    const ordering = { eventId: shop.box.event.id, holdId: hold.id, holdSecret: hold.secret, buyer: BUYER };
    const order = parse(Order, await shop.person.api.post("/orders", ordering), 201);
    expect(order).toMatchObject({ expiresAt: hold.expiresAt, total: { amount: 2500 } });
    expect(order).not.toHaveProperty("accessToken");
    expect(codeOf(await shop.person.api.post("/orders", ordering), 409)).toBe("hold_in_use");
    const paid = parse(PaymentProcessed, await pay(shop.person.api, order.id, "tok_success"), 200);
    expect(paid.order.status).toBe("paid");
    expect(parse(Tickets, await shop.person.api.get(`/orders/${order.id}/tickets`), 200).data).toHaveLength(1);
    expect(
      parse(Orders, await shop.person.api.get(`/orders/user/${shop.person.user.id}`), 200).data.map(({ id }) => id),
    ).toContain(order.id);
    expect(parse(Payment, await shop.person.api.get(`/payments/${paid.payment.id}`), 200)).toEqual(paid.payment);
  });

  it("needs no payment where the total is zero", async () => {
    const free = await createPublishedEvent(shop.box.owner, shop.box.organizer.id, {
      ticketTypes: [{ name: "Free", price: { amount: 0, currency: "JPY" }, quantity: 5 }],
    });
    const ordering = { eventId: free.id, items: [{ ticketTypeId: free.ticketTypes[0]?.id, quantity: 2 }], buyer: BUYER };
    const first = await shop.api.post("/orders", ordering, { idempotencyKey: randomUUID() });
    const order = parse(Order, first, 201);
    expect(order).toMatchObject({ status: "paid", total: { amount: 0, currency: "JPY" } });
    const guest = shop.withToken(order);
    expect(parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200).data).toHaveLength(2);
    expect(codeOf(await pay(guest, order.id, "tok_success"), 409)).toBe("order_not_payable");
    expect(codeOf(await guest.post(`/orders/${order.id}/cancel`), 409)).toBe("order_not_cancellable");
  });

  it("keeps a declined order pending, and sells it by the next card", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const declined = parse(PaymentProcessed, await pay(guest, order.id, "tok_decline"), 200);
    expect(declined).toMatchObject({ payment: { status: "failed", failureCode: "card_declined" }, order: { status: "pending" } });
    expect(parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200).data).toEqual([]);
    expect(parse(PaymentProcessed, await pay(guest, order.id, "tok_success"), 200).order.status).toBe("paid");
    expect(codeOf(await pay(guest, order.id, "tok_success"), 409)).toBe("order_not_payable");
  });

  it("waits for an action, which the address in the answer settles without a credential", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const asked = parse(PaymentProcessed, await pay(guest, order.id, "tok_requires_action"), 202);
    expect(asked).toMatchObject({ payment: { status: "requires_action" }, order: { status: "pending" } });
    const url = asked.payment.nextAction?.type === "redirect" ? asked.payment.nextAction.url : "";
    expect((await shop.api.get(url)).text).toContain("<button>Pay €25.00</button>");
    expect((await shop.api.post(url)).status).toBe(200);
    await paidWithin(guest, order.id, 1_000);
    const payment = parse(Payment, await guest.get(`/payments/${asked.payment.id}`), 200);
    expect(payment.status).toBe("succeeded");
    expect(payment).not.toHaveProperty("nextAction");
    expect((await shop.api.post(url)).status).toBe(200);
  });

  it("is sold by the next card where the first one's action was never taken", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const asked = parse(PaymentProcessed, await pay(guest, order.id, "tok_requires_action"), 202);
    expect(parse(PaymentProcessed, await pay(guest, order.id, "tok_success"), 200).order.status).toBe("paid");
    const url = asked.payment.nextAction?.type === "redirect" ? asked.payment.nextAction.url : "";
    expect((await shop.api.post(url)).status).toBe(200);
    const replaced = parse(Payment, await guest.get(`/payments/${asked.payment.id}`), 200);
    expect(replaced).toMatchObject({ status: "failed", failureCode: "superseded" });
  });

  it("may be declined by hand, and then paid again", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const { payment } = parse(PaymentProcessed, await pay(guest, order.id, "tok_requires_action"), 202);
    const url = payment.nextAction?.type === "redirect" ? payment.nextAction.url : "";
    expect((await shop.api.post(`${url}?outcome=declined`)).status).toBe(200);
    await eventually("a declined payment", async () =>
      parse(Payment, await guest.get(`/payments/${payment.id}`), 200).status === "failed" ? true : undefined,
    );
    expect(parse(PaymentProcessed, await pay(guest, order.id, "tok_success"), 200).order.status).toBe("paid");
  });

  it("is settled by a signed webhook where the provider takes its time", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const { payment, order: waiting } = parse(PaymentProcessed, await pay(guest, order.id, "tok_async"), 202);
    expect(payment.status).toBe("processing");
    expect(waiting).toMatchObject({ status: "pending", expiresAt: order.expiresAt });
    await paidWithin(guest, order.id, 2_000);
    expect(parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200).data).toHaveLength(1);
  });
});

describe("an order that is not paid", () => {
  it("is cancelled, and gives its tickets back", async () => {
    const order = await shop.placeAsGuest(3);
    const guest = shop.withToken(order);
    const before = await shop.availableNow();
    const key = { idempotencyKey: randomUUID() };
    const cancelled = await guest.post(`/orders/${order.id}/cancel`, undefined, key);
    expect(parse(Order, cancelled, 200)).toMatchObject({ status: "cancelled" });
    expect((await guest.post(`/orders/${order.id}/cancel`, {}, key)).body).toEqual(cancelled.body);
    expect(await shop.availableNow()).toBe(before + 3);
    expect(codeOf(await pay(guest, order.id, "tok_success"), 409)).toBe("order_not_payable");
  });

  it("expires with its hold, reads so at once, and is paid again while stock lasts", async () => {
    const short = await createPublishedEvent(shop.box.owner, shop.box.organizer.id, {
      settings: { holdSeconds: 1 },
      ticketTypes: [{ name: "Short", price: { amount: 1500, currency: "KWD" }, quantity: 2 }],
    });
    const ordering = (quantity: number) => ({
      eventId: short.id,
      items: [{ ticketTypeId: short.ticketTypes[0]?.id, quantity }],
      buyer: BUYER,
    });
    const late = parse(Order, await shop.api.post("/orders", ordering(1)), 201);
    const tooLate = parse(Order, await shop.api.post("/orders", ordering(1)), 201);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(tooLate.expiresAt) - Date.now()) + 20));
    expect(parse(Order, await shop.withToken(late).get(`/orders/${late.id}`), 200).status).toBe("expired");
    expect(codeOf(await shop.withToken(late).post(`/orders/${late.id}/cancel`), 409)).toBe("order_not_cancellable");
    const paid = parse(PaymentProcessed, await pay(shop.withToken(late), late.id, "tok_success"), 200);
    expect(paid.order).toMatchObject({ status: "paid", total: { amount: 1500, currency: "KWD" } });
    // The sweep has written the second one down as expired by now or not; somebody else buys its ticket.
    parse(Order, await shop.api.post("/orders", ordering(1)), 201);
    expect(codeOf(await pay(shop.withToken(tooLate), tooLate.id, "tok_success"), 409)).toBe("sold_out");
    expect(parse(Order, await shop.withToken(tooLate).get(`/orders/${tooLate.id}`), 200).status).toBe("expired");
  });
});

describe("an Idempotency-Key", () => {
  it("makes one order of twenty requests at once, and the same answer of each", async () => {
    const key = { idempotencyKey: randomUUID() };
    const before = await shop.availableNow();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.api.post("/orders", shop.draft(2), key)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const order = parse(Order, answers[0] as Answer, 201);
    expect(await shop.availableNow()).toBe(before - 2);
    await pay(shop.withToken(order), order.id, "tok_success");
    expect((await shop.api.post("/orders", shop.draft(2), key)).body).toEqual(answers[0]?.body);
    expect(codeOf(await shop.api.post("/orders", shop.draft(3), key), 422)).toBe("idempotency_key_reused");
    const otherBuyer = { ...shop.draft(2), buyer: { ...BUYER, name: "Other" } };
    expect(codeOf(await shop.api.post("/orders", otherBuyer, key), 422)).toBe("idempotency_key_reused");
    expect(await shop.availableNow()).toBe(before - 2);
  });

  it("takes the money once of ten requests at once, and tells the first answer again", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay(guest, order.id, "tok_success", key)));
    for (const answer of answers.filter(({ status }) => status !== 200)) expect(codeOf(answer, 409)).toBe("request_in_progress");
    const paid = answers.filter(({ status }) => status === 200);
    expect(new Set(paid.map(({ text }) => text)).size).toBe(1);
    expect((await pay(guest, order.id, "tok_success", key)).text).toBe(paid[0]?.text);
    expect(codeOf(await pay(guest, order.id, "tok_decline", key), 422)).toBe("idempotency_key_reused");
    expect(parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200).data).toHaveLength(1);
  });

  it("keeps a refusal too: sold out stays sold out for the same key", async () => {
    const last = await createPublishedEvent(shop.box.owner, shop.box.organizer.id, {
      ticketTypes: [{ name: "Last", price: { amount: 100, currency: "EUR" }, quantity: 1 }],
    });
    const ordering = { eventId: last.id, items: [{ ticketTypeId: last.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
    const order = parse(Order, await shop.api.post("/orders", ordering), 201);
    const key = { idempotencyKey: randomUUID() };
    const refused = parse(ProblemBody, await shop.api.post("/orders", ordering, key), 409);
    expect(refused).toMatchObject({
      code: "sold_out",
      available: [{ ticketTypeId: ordering.items[0]?.ticketTypeId, available: 0 }],
    });
    parse(Order, await shop.withToken(order).post(`/orders/${order.id}/cancel`), 200);
    expect(codeOf(await shop.api.post("/orders", ordering, key), 409)).toBe("sold_out");
    expect(codeOf(await shop.api.post("/orders", ordering, key), 409)).toBe("sold_out");
    parse(Order, await shop.api.post("/orders", ordering), 201);
  });
});
