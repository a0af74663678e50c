/** One price through the whole house, in currencies with no, two and three decimals: nothing on the way multiplies or divides. */
import { afterEach, describe, expect, test } from "vitest";
import { Payment, Refund } from "../../shared/contracts/orders";
import { composeConfirmation } from "../../workers/notifications/order-confirmations";
import { LedgerPage } from "../../workers/payments/ledger-views";
import { ordersById } from "../../workers/payments/orders";
import type { PaymentIntent, RefundIntent } from "../../workers/payments/providers/provider";
import { toStripeAmount } from "../../workers/payments/providers/stripe-amounts";
import { occasionOf } from "../support/notifications-room";
import { closeTills, codeOf, guest, openTill, parse, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors } from "../support/provider-doors";

const doors = replaceProviderDoors();
afterEach(() => closeTills());

/** A provider that takes everything, and what it was asked for. */
function listenToProvider() {
  const asked: Pick<PaymentIntent | RefundIntent, "amountMinor" | "currency">[] = [];
  const note = ({ amountMinor, currency }: PaymentIntent | RefundIntent) => void asked.push({ amountMinor, currency });
  doors.open = {
    createPayment: async (intent) => {
      note(intent);
      return { status: "succeeded", reference: "taken" };
    },
    refundPayment: async (intent) => {
      note(intent);
      return { status: "succeeded", reference: "given back" };
    },
  };
  return asked;
}

async function ledgerOf(till: Till): Promise<LedgerPage> {
  const path = `/payments/ledger?organizerId=${till.events.organizerId}`;
  return parse(LedgerPage, await till.ask("GET", path, { as: till.events.owner }));
}

describe("two tickets", () => {
  test.each([
    // What a person reads for one and for both, and what Stripe would be asked for.
    { currency: "JPY", price: 1200, one: "JP¥1,200", both: "JP¥2,400", stripe: 2400 },
    { currency: "EUR", price: 1250, one: "€12.50", both: "€25.00", stripe: 2500 },
    { currency: "KWD", price: 1500, one: "KWD 1.500", both: "KWD 3.000", stripe: 3000 },
  ])("at $one each cost $both in every room", async ({ currency, price, one, both, stripe }) => {
    const asked = listenToProvider();
    const till = await openTill();
    const amount = (minor: number) => ({ amount: minor, currency });
    const event = await publish(till, { ticketTypes: [{ name: "Standing", price: amount(price), quantity: 10 }] });
    expect(event.ticketTypes[0]?.price).toEqual(amount(price));

    const order = await till.order(event, 2);
    expect([order.items[0]?.unitPrice, order.subtotal, order.total, order.tax]).toEqual(
      [price, 2 * price, 2 * price, 0].map(amount),
    );
    const { payment } = await till.paid(order, "tok_success");
    expect(payment).toMatchObject({ status: "succeeded", amount: amount(2 * price) });
    expect(asked).toEqual([{ amountMinor: 2 * price, currency }]);
    expect(toStripeAmount(2 * price, currency)).toBe(stripe);

    const [facts] = await ordersById(till.env, [order.id]);
    if (!facts) throw new Error("the order is not told to siblings");
    // Between the code and the number stands a space that does not break.
    const { text } = await composeConfirmation({ order: facts, tickets: [], occasion: occasionOf(event), sender: "a@b.example" });
    expect(text.replaceAll("\u00a0", " ")).toContain(`2 × Standing, ${one} each\nTotal: ${both}`);

    const refund = (body: object) =>
      till.ask("POST", `/payments/${payment.id}/refund`, { as: till.events.owner, body: { reason: "asked", ...body } });
    const other = currency === "EUR" ? "JPY" : "EUR";
    expect(codeOf(await refund({ amount: { amount: price, currency: other } }))).toBe("400 invalid_body");
    expect(parse(Refund, await refund({ amount: amount(price - 1) }), 201).amount).toEqual(amount(price - 1));
    expect(parse(Refund, await refund({}), 201).amount).toEqual(amount(price + 1));
    await till.idle();
    expect(asked.slice(1)).toEqual([price - 1, price + 1].map((amountMinor) => ({ amountMinor, currency })));
    expect(parse(Payment, await till.ask("GET", `/payments/${payment.id}`, { as: guest(order) })).status).toBe("refunded");

    const { data, summary } = await ledgerOf(till);
    expect(data.map(({ fact }) => fact).sort()).toEqual(["refund", "refund", "refund_paid", "refund_paid", "sale"]);
    expect(data.flatMap(({ entries }) => entries.map((entry) => entry.amount.currency)).every((code) => code === currency)).toBe(
      true,
    );
    const sale = data.find(({ fact }) => fact === "sale");
    expect(sale?.entries.map((entry) => entry.amount.amount)).toEqual([2 * price, -2 * price]);
    expect(summary).toMatchObject({ agrees: true });
    expect(summary?.balances.map((balance) => balance.amount)).toEqual([0, 0, 0].map(amount));
  });

  test("of several currencies stand beside each other in one ledger, never added up", async () => {
    listenToProvider();
    const till = await openTill();
    for (const [currency, price] of [
      ["JPY", 1200],
      ["KWD", 1500],
    ] as const) {
      const event = await publish(till, { ticketTypes: [{ name: "One", price: { amount: price, currency }, quantity: 5 }] });
      await till.paid(await till.order(event), "tok_success");
    }
    const { summary } = await ledgerOf(till);
    expect(summary).toEqual({
      agrees: true,
      differences: [],
      balances: [
        { account: "organizer_payable", amount: { amount: -1200, currency: "JPY" } },
        { account: "provider_clearing", amount: { amount: 1200, currency: "JPY" } },
        { account: "organizer_payable", amount: { amount: -1500, currency: "KWD" } },
        { account: "provider_clearing", amount: { amount: 1500, currency: "KWD" } },
      ],
    });
  });
});
