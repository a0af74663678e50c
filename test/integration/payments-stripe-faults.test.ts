import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Order, Refund } from "../../shared/contracts/orders";
import { buildWorker, removeBuild } from "../support/altered-worker";
import { parse } from "../support/client";
import { hasSpecs, NO_SPECS } from "../support/fake-stripe/schemas";
import { eventually } from "../support/scenes";
import { Tickets } from "../support/shop";
import { card, openStripeHouse, type StripeHouse } from "../support/stripe-house";

const INTENTS = "POST /v1/payment_intents";
const REFUNDS = "POST /v1/refunds";
const RUSH = 100;

describe.skipIf(!hasSpecs())(`with a Stripe that fails${hasSpecs() ? "" : `: ${NO_SPECS}`}`, () => {
  let home: StripeHouse;

  beforeAll(async () => {
    home = await openStripeHouse();
  });
  beforeEach(() => {
    home.stripe.webhooks.speaks = true;
    home.stripe.books.refundsEnd = "succeeded";
  });
  afterAll(() => home?.stop());

  const placeOrder = (quantity = 1): Promise<Order> => home.shop.placeAsGuest(quantity);
  const callsOf = (endpoint: string, paymentId: string): number =>
    home.stripe.calls.filter((call) => call.endpoint === endpoint && JSON.stringify(call).includes(paymentId)).length;
  const ticketsOf = async (order: Order): Promise<string[]> =>
    parse(Tickets, await home.shop.withToken(order).get(`/orders/${order.id}/tickets`), 200).data.map(({ status }) => status);

  it("takes the money once where the connection ends after it, or a proxy answers", async () => {
    home.stripe.webhooks.speaks = false;
    for (const fault of ["drop_after", "junk"] as const) {
      const order = await placeOrder();
      home.stripe.fail(INTENTS, fault);
      const { payment, order: paid } = await home.processed(order, card("visa"));
      expect([payment.status, paid.status]).toEqual(["succeeded", "paid"]);
      expect(home.stripe.intentOf(payment.id).amount_received).toBe(2500);
      expect(callsOf(INTENTS, payment.id)).toBe(2);
    }
  });

  it("waits as long as a 429 says, and asks again", async () => {
    const order = await placeOrder();
    home.stripe.fail(INTENTS, "rate_limited", "rate_limited");
    const startedMs = Date.now();
    const { payment, order: paid } = await home.processed(order, card("visa"));
    expect([payment.status, paid.status]).toEqual(["succeeded", "paid"]);
    expect(callsOf(INTENTS, payment.id)).toBe(3);
    expect(Date.now() - startedMs).toBeGreaterThan(2_000);
  });

  it("finds the money that was taken without an answer, and asks nobody twice", async () => {
    home.stripe.webhooks.speaks = false;
    const order = await placeOrder();
    home.stripe.fail(INTENTS, "hang_after");
    const { payment, order: unknown } = await home.processed(order, card("visa"));
    expect([payment.status, unknown.status]).toEqual(["processing", "pending"]);
    await home.sweepNow(payment.id);
    await home.statusBecomes(order, "paid");
    expect(home.stripe.intentOf(payment.id).amount_received).toBe(2500);
    expect(callsOf(INTENTS, payment.id)).toBe(1);
    expect(await ticketsOf(order)).toEqual(["valid"]);
  });

  it("does not believe a stored 500: what was made is found, what was not may be tried again", async () => {
    home.stripe.webhooks.speaks = false;
    const made = await placeOrder();
    home.stripe.fail(INTENTS, "error_500_after");
    const taken = await home.processed(made, card("visa"));
    expect(taken.payment.status).toBe("processing");
    await home.sweepNow(taken.payment.id);
    await home.statusBecomes(made, "paid");
    expect(home.stripe.intentOf(taken.payment.id).amount_received).toBe(2500);

    const order = await placeOrder();
    home.stripe.fail(INTENTS, "error_500");
    const { payment } = await home.processed(order, card("visa"));
    expect(payment.status).toBe("processing");
    await home.sweepNow(payment.id);
    expect((await home.paymentBecomes(order, payment.id, "failed")).failureCode).toBe("provider_unreachable");
    const second = await home.processed(order, card("visa"));
    expect([second.payment.status, second.order.status]).toEqual(["succeeded", "paid"]);
    expect(await ticketsOf(order)).toEqual(["valid"]);
  });

  describe("refunds", () => {
    const moneyBack = (paymentId: string): number =>
      [...home.stripe.books.refunds.values()]
        .filter(({ metadata, status }) => metadata.payment_id === paymentId && status === "succeeded")
        .reduce((sum, { amount }) => sum + amount, 0);

    async function payAndRefund(amount?: number): Promise<{ order: Order; paymentId: string; refund: Refund }> {
      const order = await placeOrder(2);
      const { payment } = await home.processed(order, card("visa"));
      const refund = await refundOf(payment.id, amount);
      return { order, paymentId: payment.id, refund };
    }
    const refundOf = async (paymentId: string, amount?: number): Promise<Refund> =>
      parse(
        Refund,
        await home.shop.box.owner.api.post(`/payments/${paymentId}/refund`, {
          reason: "asked for",
          ...(amount === undefined ? {} : { amount: { amount, currency: "EUR" } }),
        }),
        201,
      );

    it("go back in part and then as a whole", async () => {
      const { order, paymentId, refund } = await payAndRefund(1000);
      expect(refund).toMatchObject({ status: "succeeded", amount: { amount: 1000 } });
      expect(await home.status(order)).toBe("partially_refunded");
      expect(await refundOf(paymentId)).toMatchObject({ status: "succeeded", amount: { amount: 4000 } });
      expect(await home.status(order)).toBe("refunded");
      expect(moneyBack(paymentId)).toBe(5000);
      expect(await ticketsOf(order)).toEqual(["void", "void"]);
    });

    it("are one, whether the answer is lost or a stored 500", async () => {
      home.stripe.webhooks.speaks = false;
      for (const faults of [["drop_after"], ["error_500_after"], ["error_500"]] as const) {
        home.stripe.fail(REFUNDS, ...faults);
        const { order, paymentId } = await payAndRefund();
        await home.statusBecomes(order, "refunded");
        expect(moneyBack(paymentId)).toBe(5000);
      }
    });

    it("that the bank sends back are asked for anew, and those that take their time are told of", async () => {
      home.stripe.books.refundsEnd = "pending";
      const { order, paymentId, refund } = await payAndRefund();
      expect(refund.status).toBe("pending");
      const standing = () => [...home.stripe.books.refunds.values()].filter(({ metadata }) => metadata.refund_id === refund.id);
      const [first] = standing();
      if (!first) throw new Error("Stripe was not asked");
      home.stripe.books.settleRefund(first, "failed");
      await eventually("a refund of a new generation", async () => {
        const [row] = await home.rows<{ generation: number }>(
          paymentId,
          "SELECT generation FROM refunds WHERE id = ?",
          refund.id,
        );
        return row?.generation === 1 ? true : undefined;
      });
      await home.sweepNow(paymentId);
      await eventually("a second refund at Stripe", async () => (standing().length === 2 ? true : undefined));
      const second = standing().find(({ metadata }) => metadata.generation === "1");
      if (!second) throw new Error("the second refund has no generation of its own");
      // Asked again while it is pending, it is the same one.
      await home.sweepNow(paymentId);
      home.stripe.books.settleRefund(second, "succeeded");
      await home.statusBecomes(order, "refunded");
      expect(standing()).toHaveLength(2);
      expect(moneyBack(paymentId)).toBe(5000);
    });
  });

  it("asks in the pace that Stripe allows, however many pay at once, and all of them get their tickets", {
    timeout: 120_000,
  }, async () => {
    const orders = await Promise.all(Array.from({ length: RUSH }, () => placeOrder()));
    const before = home.stripe.calls.length;
    const startedMs = Date.now();
    const answers = await Promise.all(orders.map((order) => home.processed(order, card("visa"))));
    for (const { order } of answers) expect(["paid", "pending"]).toContain(order.status);
    await Promise.all(orders.map((order) => home.statusBecomes(order, "paid", 60_000)));
    const rush = home.stripe.calls.slice(before);
    const atMs = rush.map((call) => call.atMs).sort((a, b) => a - b);
    const most = Math.max(...atMs.map((from) => atMs.filter((at) => at >= from && at < from + 1_000).length));
    const made = rush.filter(({ endpoint, status }) => endpoint === INTENTS && status === 200);
    console.info(`${RUSH} payments in ${Date.now() - startedMs} ms, at most ${most} calls in any second`);
    expect(made).toHaveLength(RUSH);
    expect(most).toBeLessThanOrEqual(25);
    expect(rush.filter(({ status }) => status === 429)).toEqual([]);
    expect(new Set(made.map(({ key }) => key)).size).toBe(RUSH);
  });
});

describe.skipIf(!hasSpecs())("without asking Stripe how it stands now", () => {
  let home: StripeHouse | undefined;
  let folder: string | undefined;

  afterAll(async () => {
    await home?.stop();
    if (folder) await removeBuild(folder);
  });

  it("a decline in the browser would fail the payment that its buyer is still making", { timeout: 120_000 }, async () => {
    folder = await buildWorker("payments", { find: "if (!provider.weigh)", replace: "if (provider.weigh)" });
    home = await openStripeHouse({ prebuilt: { payments: folder } });
    const order = await home.shop.placeAsGuest(1);
    const { payment } = await home.processed(order);
    expect(payment.status).toBe("requires_action");
    const intent = home.stripe.intentOf(payment.id);
    expect(() => home?.stripe.books.confirm(intent, "pm_card_visa_chargeDeclined")).toThrow("declined");
    await home.paymentBecomes(order, payment.id, "failed");
  });
});
