import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Order, Order as OrderSchema } from "../../shared/contracts/orders";
import { parse } from "../support/client";
import { hasSpecs, NO_SPECS } from "../support/fake-stripe/schemas";
import { createPublishedEvent, eventually } from "../support/scenes";
import { BUYER, codeOf, Tickets } from "../support/shop";
import { card, openStripeHouse, type StripeHouse } from "../support/stripe-house";

const MINUTE_MS = 60_000;

describe.skipIf(!hasSpecs())(`a sale through Stripe${hasSpecs() ? "" : `: ${NO_SPECS}`}`, () => {
  let home: StripeHouse;

  beforeAll(async () => {
    home = await openStripeHouse();
  });
  beforeEach(() => {
    home.stripe.webhooks.speaks = true;
  });
  afterAll(() => home?.stop());

  const placeOrder = (quantity = 1): Promise<Order> => home.shop.placeAsGuest(quantity);

  /** Webhooks are answered once they are stored. */
  async function allCounted(paymentId: string): Promise<void> {
    await home.stripe.webhooks.idle();
    const half = "SELECT type FROM provider_events WHERE processed_at_ms IS NULL AND payment_id = ?";
    await eventually("events that are all counted", async () =>
      (await home.rows(paymentId, half, paymentId)).length === 0 ? true : undefined,
    );
  }

  /** One sale, however often it was told. */
  async function expectOneSale(order: Order, paymentId: string, quantity = 1): Promise<void> {
    expect(await home.status(order)).toBe("paid");
    expect((await home.paymentOf(order, paymentId)).status).toBe("succeeded");
    const { data } = parse(Tickets, await home.shop.withToken(order).get(`/orders/${order.id}/tickets`), 200);
    expect(data).toHaveLength(quantity);
    const facts = await home.rows(
      order.id,
      "SELECT fact FROM ledger_transactions WHERE order_id = ? AND fact <> 'fee'",
      order.id,
    );
    expect(facts).toEqual([{ fact: "sale" }]);
    await allCounted(paymentId);
  }

  it("begins when the buyer pays, tells him a secret that is kept nowhere, and ends when he has confirmed", async () => {
    const order = await placeOrder(2);
    expect(home.stripe.books.intents.size).toBe(0);
    const { payment, order: waiting } = await home.processed(order);
    const intent = home.stripe.intentOf(payment.id);
    expect(payment).toMatchObject({
      status: "requires_action",
      nextAction: { type: "client_secret", clientSecret: intent.client_secret },
    });
    expect(intent).toMatchObject({ amount: 5000, currency: "eur", metadata: { payment_id: payment.id, order_id: order.id } });
    const [made] = home.stripe.calls.filter(({ endpoint }) => endpoint === "POST /v1/payment_intents");
    expect(JSON.stringify(made)).not.toMatch(/Greta|@/);
    expect(made?.key).toContain(payment.id);
    expect(Date.parse(waiting.expiresAt) - Date.now()).toBeGreaterThan(25 * MINUTE_MS);

    // Who lost the answer asks again; a member, who may read it, does not pay it.
    expect((await home.paymentOf(order, payment.id)).nextAction).toEqual(payment.nextAction);
    expect((await home.paymentOf(order, payment.id, home.shop.box.owner.api)).nextAction).toBeUndefined();
    for (const table of ["payments", "provider_events", "answers"]) {
      const all = await home.rows(order.id, `SELECT * FROM ${table}`);
      const bodies = JSON.stringify(all.map((row) => ({ ...(row as object), body: null })));
      expect(bodies).not.toContain("_secret_");
    }

    home.stripe.books.confirm(intent, "pm_card_visa");
    await home.statusBecomes(order, "paid");
    await expectOneSale(order, payment.id, 2);
    expect((await home.paymentOf(order, payment.id)).nextAction).toBeUndefined();
  });

  it("is paid in the answer where the buyer brings a card, and the webhooks add nothing", async () => {
    const order = await placeOrder();
    const { payment, order: paid } = await home.processed(order, card("visa"));
    expect([payment.status, paid.status]).toEqual(["succeeded", "paid"]);
    await expectOneSale(order, payment.id);
  });

  it("takes another card after a declined one, with us or in the browser", async () => {
    const order = await placeOrder();
    const declined = await home.processed(order, card("visa_chargeDeclinedInsufficientFunds"));
    expect(declined.payment).toMatchObject({ status: "failed", failureCode: "insufficient_funds" });
    expect(declined.order.status).toBe("pending");
    const { payment } = await home.processed(order, card("visa"));
    await expectOneSale(order, payment.id);

    const browsers = await placeOrder();
    const begun = await home.processed(browsers);
    const intent = home.stripe.intentOf(begun.payment.id);
    expect(() => home.stripe.books.confirm(intent, "pm_card_visa_chargeDeclined")).toThrow("declined");
    await allCounted(begun.payment.id);
    expect(await home.paymentOf(browsers, begun.payment.id)).toMatchObject({
      status: "requires_action",
      nextAction: { clientSecret: intent.client_secret },
    });
    home.stripe.books.confirm(intent, "pm_card_visa");
    await home.statusBecomes(browsers, "paid");
    await expectOneSale(browsers, begun.payment.id);
  });

  it("waits for a buyer who proves himself to his bank, and for what a bank takes its time for", async () => {
    const order = await placeOrder();
    const returnUrl = "https://shop.example/back";
    const { payment } = await home.processed(order, { ...card("authenticationRequired"), returnUrl });
    expect(payment).toMatchObject({ status: "requires_action", nextAction: { type: "redirect" } });
    home.stripe.books.succeed(home.stripe.intentOf(payment.id));
    await home.statusBecomes(order, "paid");
    await expectOneSale(order, payment.id);

    const unproven = await placeOrder();
    const asked = await home.processed(unproven, card("authenticationRequired"));
    expect(asked.payment.nextAction).toMatchObject({ type: "client_secret" });
    home.stripe.books.fail(home.stripe.intentOf(asked.payment.id), "payment_intent_authentication_failure");
    const failed = await home.paymentBecomes(unproven, asked.payment.id, "failed");
    expect(failed.failureCode).toBe("payment_intent_authentication_failure");

    const slow = await home.processed(unproven);
    const intent = home.stripe.intentOf(slow.payment.id);
    home.stripe.books.confirm(intent, "pm_bank_debit");
    await home.paymentBecomes(unproven, slow.payment.id, "processing");
    home.stripe.books.fail(intent, "insufficient_funds");
    expect((await home.paymentBecomes(unproven, slow.payment.id, "failed")).failureCode).toBe("insufficient_funds");
  });

  it("cancels at Stripe what a second try has replaced", async () => {
    const order = await placeOrder();
    const first = await home.processed(order);
    const second = await home.processed(order, card("visa"));
    expect(home.stripe.intentOf(first.payment.id).status).toBe("canceled");
    await allCounted(first.payment.id);
    expect(await home.paymentOf(order, first.payment.id)).toMatchObject({ status: "failed", failureCode: "superseded" });
    await expectOneSale(order, second.payment.id);
  });

  it("ends in one state, whatever order its events come in and how often", async () => {
    const { stripe } = home;
    const order = await placeOrder();
    const { payment } = await home.processed(order);
    const intent = stripe.intentOf(payment.id);
    stripe.webhooks.speaks = false;
    expect(() => stripe.books.confirm(intent, "pm_card_visa_chargeDeclined")).toThrow("declined");
    stripe.books.confirm(intent, "pm_bank_debit");
    stripe.books.succeed(intent);
    const told = stripe.webhooks.about(intent.id);
    expect(told.map(({ type }) => type)).toEqual([
      "payment_intent.created",
      "payment_intent.payment_failed",
      "payment_intent.processing",
      "payment_intent.succeeded",
    ]);
    const backwards = told.toReversed();
    const statuses = await Promise.all([...backwards, ...told, ...backwards].map((event) => stripe.webhooks.post(event)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await home.statusBecomes(order, "paid");
    for (const event of backwards) expect(await stripe.webhooks.post(event)).toBe(200);
    await home.house.sweep();
    await expectOneSale(order, payment.id);
    const kept = await home.rows(
      payment.id,
      "SELECT event_id FROM provider_events WHERE type LIKE 'payment_intent.%' AND payment_id = ?",
      payment.id,
    );
    expect(kept).toHaveLength(told.length - 1);
  });

  it("is paid once where the event is faster than the answer", async () => {
    const order = await placeOrder();
    home.stripe.fail("POST /v1/payment_intents", "slow_after");
    let isAnswered = false;
    const paying = home.processed(order, card("visa")).finally(() => {
      isAnswered = true;
    });
    await home.statusBecomes(order, "paid");
    expect(isAnswered).toBe(false);
    const { payment, order: paid } = await paying;
    expect([payment.status, paid.status]).toEqual(["succeeded", "paid"]);
    await expectOneSale(order, payment.id);
  });

  it("does not count a sum that is not the payment's, and keeps it in sight", async () => {
    const { stripe } = home;
    const order = await placeOrder();
    const { payment } = await home.processed(order);
    const intent = stripe.intentOf(payment.id);
    stripe.webhooks.speaks = false;
    stripe.books.succeed(Object.assign(intent, { amount: 1 }));
    const success = stripe.webhooks.about(intent.id).at(-1);
    if (!success) throw new Error("nothing was told");
    expect(await stripe.webhooks.post(success)).toBe(200);
    await home.house.sweep();
    expect(await home.status(order)).toBe("pending");
    const waiting = await home.rows(
      payment.id,
      "SELECT event_id FROM provider_events WHERE processed_at_ms IS NULL AND payment_id = ?",
      payment.id,
    );
    expect(waiting).toEqual([{ event_id: success.id }]);
  });

  it("believes a webhook by its signature alone, and keeps what is about nothing of ours", async () => {
    const { webhooks } = home.stripe;
    webhooks.speaks = false;
    const foreign = home.stripe.books.createIntent({ amount: "900", currency: "eur", metadata: { shop: "another" } });
    home.stripe.books.succeed(foreign);
    const [, success] = webhooks.about(foreign.id);
    if (!success) throw new Error("nothing was told");
    expect(await webhooks.post(success, "whsec_another")).toBe(400);
    const { api } = home.shop;
    for (const headers of [{}, { "stripe-signature": "t=1,v1=00" }, { "stripe-signature": "junk" }])
      expect(codeOf(await api.send("POST", "/payments/webhooks/stripe", success.payload, { headers }), 400)).toBe(
        "invalid_signature",
      );
    expect(await webhooks.post({ ...success, payload: "no json" })).toBe(400);
    expect(await webhooks.post(success)).toBe(200);
    const kept = await home.rows("00", "SELECT payment_id FROM provider_events WHERE event_id = ?", success.id);
    expect(kept).toEqual([{ payment_id: null }]);
  });

  it("counts a card over all of a person's names, in the answer or by a webhook, and gives back what is beyond once", async () => {
    const { owner, organizer } = home.shop.box;
    const event = await createPublishedEvent(owner, organizer.id, { settings: { maxPerPerson: 2 } });
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 2 }];
    const placed = async () => {
      const buyer = { email: `greta-${randomUUID()}@people.example`, name: "Greta Guest" };
      return parse(OrderSchema, await home.shop.api.post("/orders", { eventId: event.id, items, buyer }), 201);
    };
    const [first, second, third] = [await placed(), await placed(), await placed()];
    expect((await home.processed(first, card("visa"))).order.status).toBe("paid");
    expect(codeOf(await home.pay(second, card("visa")), 409)).toBe("person_limit");
    const { payment } = await home.processed(third);
    home.stripe.books.confirm(home.stripe.intentOf(payment.id), "pm_card_visa");
    for (const order of [second, third]) await home.statusBecomes(order, "refunded");
    expect(home.stripe.books.refunds.size).toBe(2);
    const another = await placed();
    expect((await home.processed(another, card("mastercard"))).order.status).toBe("paid");
  });

  it("asks for each currency in Stripe's own units, and refuses what Stripe has no amount for before anything is written", async () => {
    const { owner, organizer } = home.shop.box;
    const inCurrency = async (currency: string, amount: number): Promise<Order> => {
      const event = await createPublishedEvent(owner, organizer.id, {
        title: `Paid in ${currency} ${randomUUID()}`,
        ticketTypes: [{ name: "Standing", price: { amount, currency }, quantity: 10 }],
      });
      const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
      return parse(OrderSchema, await home.shop.api.post("/orders", { eventId: event.id, items, buyer: BUYER }), 201);
    };
    for (const [currency, amount, asked] of [
      ["JPY", 2500, 2500],
      ["KWD", 5120, 5120],
      ["ISK", 700, 70_000],
    ] as const) {
      const { payment } = await home.processed(await inCurrency(currency, amount), card("visa"));
      expect(payment).toMatchObject({ status: "succeeded", amount: { amount, currency } });
      expect(home.stripe.intentOf(payment.id)).toMatchObject({ amount: asked, currency: currency.toLowerCase() });
    }
    const dinars = await inCurrency("KWD", 5120);
    const { payment } = await home.processed(dinars, card("visa"));
    const refund = { amount: { amount: 1005, currency: "KWD" }, reason: "asked for" };
    expect(codeOf(await owner.api.post(`/payments/${payment.id}/refund`, refund), 422)).toBe("amount_not_payable");
    const odd = await inCurrency("KWD", 5124);
    expect(codeOf(await home.pay(odd), 422)).toBe("amount_not_payable");
    expect(await home.rows(odd.id, "SELECT id FROM payments WHERE order_id = ?", odd.id)).toEqual([]);
    const tiny = await home.processed(await inCurrency("EUR", 10));
    expect(tiny.payment).toMatchObject({ status: "failed", failureCode: "amount_too_small" });
    expect(codeOf(await home.pay(odd, { paymentMethod: { token: "tok_visa" } }), 400)).toBe("invalid_body");
  });
});
