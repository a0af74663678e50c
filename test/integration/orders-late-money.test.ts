/** Money that comes late, twice, out of order or for nothing: a ticket or the money back, once. Side by side, because each waits. */
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { Tokens } from "../../shared/contracts/accounts";
import { Order, Payment, PaymentProcessed } from "../../shared/contracts/orders";
import { type Client, connect, parse } from "../support/client";
import { createPublishedEvent, eventually, freshEmail, mailsTo, outbox, registerAndLogin } from "../support/scenes";
import { codeOf, openShop, paidWithin, pay, type Shop, Tickets } from "../support/shop";

const HOLD_SECONDS = 2;
/** The provider's 5 s after the hold's end, a sweep's turn, and room for a busy machine. */
const LATE_WITHIN_MS = HOLD_SECONDS * 1_000 + 5_000 + 15_000;

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(connect(inject("origin")));
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An event of its own, whose holds end soon, and orders of one ticket there. */
async function openShortSale(quantity: number) {
  const event = await createPublishedEvent(shop.box.owner, shop.box.organizer.id, {
    settings: { holdSeconds: HOLD_SECONDS },
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity }],
  });
  return async () => {
    const draft = {
      eventId: event.id,
      items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }],
      buyer: { email: freshEmail("late"), name: "Larry Late" },
    };
    const order = parse(Order, await shop.api.post("/orders", draft), 201);
    return { order, guest: shop.withToken(order) };
  };
}

const begin = async (guest: Client, orderId: string, token: string) =>
  parse(PaymentProcessed, await pay(guest, orderId, token), 202);
const statusOf = async (guest: Client, orderId: string) => parse(Order, await guest.get(`/orders/${orderId}`), 200).status;
const paymentOf = async (guest: Client, paymentId: string) => parse(Payment, await guest.get(`/payments/${paymentId}`), 200);
const ticketsOf = async (guest: Client, orderId: string) =>
  parse(Tickets, await guest.get(`/orders/${orderId}/tickets`), 200).data;
const ended = (order: Order) => pause(Math.max(0, Date.parse(order.expiresAt) - Date.now()) + 100);

const refundedWithin = (guest: Client, orderId: string, withinMs: number) =>
  eventually("a refunded order", async () => ((await statusOf(guest, orderId)) === "refunded" ? true : undefined), withinMs);

describe.concurrent("money that comes", () => {
  it("5 s after the hold's end is a paid order while stock lasts", async () => {
    const { order, guest } = await (await openShortSale(1))();
    const { payment, order: paying } = await begin(guest, order.id, "tok_late");
    expect(payment.status).toBe("processing");
    expect(paying.expiresAt).toBe(order.expiresAt);
    await ended(order);
    expect(await statusOf(guest, order.id)).toBe("expired");
    expect((await paymentOf(guest, payment.id)).status).toBe("processing");
    await paidWithin(guest, order.id, LATE_WITHIN_MS);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(order.expiresAt) + 5_000);
    expect((await paymentOf(guest, payment.id)).status).toBe("succeeded");
    expect(await ticketsOf(guest, order.id)).toHaveLength(1);
  });

  it("when the stock is gone goes back, with no ticket for it", async () => {
    const placeOrder = await openShortSale(1);
    const { order, guest } = await placeOrder();
    const { payment } = await begin(guest, order.id, "tok_late");
    await ended(order);
    const next = await placeOrder();
    expect(parse(PaymentProcessed, await pay(next.guest, next.order.id, "tok_success"), 200).order.status).toBe("paid");
    await refundedWithin(guest, order.id, LATE_WITHIN_MS);
    const refunded = await paymentOf(guest, payment.id);
    expect([refunded.status, refunded.amount]).toEqual(["refunded", order.total]);
    expect(await ticketsOf(guest, order.id)).toEqual([]);
    expect((await ticketsOf(next.guest, next.order.id)).map(({ status }) => status)).toEqual(["valid"]);
    expect(codeOf(await pay(guest, order.id, "tok_success"), 409)).toBe("order_not_payable");
    // One mail in all: why, and how much.
    const { text } = await outbox(shop.api, order.buyer.email, ({ data }) => data?.refundId !== undefined);
    expect(text).toContain("the tickets were gone. It goes back in full: €25.00.");
    expect((await mailsTo(shop.api, order.buyer.email)).map(({ data }) => data?.orderId)).toEqual([order.id]);
  });

  it("three times, out of order with the news of its processing, is one ticket, also five seconds later", async () => {
    const { order, guest } = await (await openShortSale(5))();
    const startedAtMs = Date.now();
    const { payment, order: paying } = await begin(guest, order.id, "tok_duplicate");
    expect([payment.status, paying.expiresAt]).toEqual(["processing", order.expiresAt]);
    await paidWithin(guest, order.id, 4_000);
    const tickets = await ticketsOf(guest, order.id);
    expect(tickets).toHaveLength(1);
    await pause(startedAtMs + 9_000 - Date.now());
    expect(await ticketsOf(guest, order.id)).toEqual(tickets);
    expect(await statusOf(guest, order.id)).toBe("paid");
    expect((await paymentOf(guest, payment.id)).status).toBe("succeeded");
  });

  it("after a cancellation goes back, whether the buyer or the provider was slow", async () => {
    const placeOrder = await openShortSale(5);
    const [byHand, late] = [await placeOrder(), await placeOrder()];
    const asked = await begin(byHand.guest, byHand.order.id, "tok_requires_action");
    const waiting = await begin(late.guest, late.order.id, "tok_late");
    for (const { guest, order } of [byHand, late])
      expect(parse(Order, await guest.post(`/orders/${order.id}/cancel`), 200).status).toBe("cancelled");
    const url = asked.payment.nextAction?.type === "redirect" ? asked.payment.nextAction.url : "";
    expect((await shop.api.post(url)).status).toBe(200);
    await refundedWithin(byHand.guest, byHand.order.id, 4_000);
    expect((await paymentOf(byHand.guest, asked.payment.id)).status).toBe("refunded");
    await refundedWithin(late.guest, late.order.id, LATE_WITHIN_MS);
    expect((await paymentOf(late.guest, waiting.payment.id)).status).toBe("refunded");
    for (const { guest, order } of [byHand, late]) expect(await ticketsOf(guest, order.id)).toEqual([]);
  });

  it("for an expired order buys what is still there, and is refused where nothing is", async () => {
    const placeOrder = await openShortSale(1);
    const { order, guest } = await placeOrder();
    await ended(order);
    expect(await statusOf(guest, order.id)).toBe("expired");
    expect(parse(PaymentProcessed, await pay(guest, order.id, "tok_success"), 200).order.status).toBe("paid");
    expect(await ticketsOf(guest, order.id)).toHaveLength(1);

    const placeOther = await openShortSale(1);
    const early = await placeOther();
    await ended(early.order);
    const quick = await placeOther();
    expect(parse(PaymentProcessed, await pay(quick.guest, quick.order.id, "tok_success"), 200).order.status).toBe("paid");
    expect(codeOf(await pay(early.guest, early.order.id, "tok_success"), 409)).toBe("sold_out");
    expect(await statusOf(early.guest, early.order.id)).toBe("expired");
  });

  it("leaves a backlog that platform admins read, and nobody else", async () => {
    const admin = await registerAndLogin(shop.api);
    expect(codeOf(await shop.api.get("/payments/backlog"), 401)).toBe("credential_missing");
    expect(codeOf(await admin.api.get("/payments/backlog"), 403)).toBe("forbidden");
    await shop.api.post(`/dev/accounts/${encodeURIComponent(admin.email)}/role`, { role: "admin" });
    const { accessToken } = parse(Tokens, await shop.api.post("/auth/refresh", { refreshToken: admin.tokens.refreshToken }), 200);
    // The client holds it against the published form.
    const answer = await shop.api.as({ token: accessToken }).get("/payments/backlog");
    const { data } = parse(z.object({ data: z.array(z.object({ what: z.string(), waiting: z.int() })) }), answer, 200);
    expect(data.map(({ what }) => what)).toEqual(expect.arrayContaining(["outbox", "provider_events", "refunds", "payments"]));
  });
});
