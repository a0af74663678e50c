/** Money that comes late, twice, out of order, or while somebody cancels: the object decides, D1 records it once. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Order, Payment } from "../../shared/contracts/orders";
import type { Env } from "../../workers/payments/environment";
import { closeTills, codeOf, guest, openTill, parse, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";
import { swapSql } from "../support/swapped-database";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

interface PaymentFacts {
  state: string;
  is_surplus: number;
}
const paymentOf = (till: Till, order: Order) =>
  till.row<PaymentFacts>(
    order.id,
    `SELECT state, is_surplus FROM payments WHERE order_id = '${order.id}' ORDER BY created_at_ms DESC`,
  );
const stateOf = async (till: Till, order: Order) =>
  (await till.row<{ state: string }>(order.id, `SELECT state FROM orders WHERE id = '${order.id}'`))?.state;

const refundsOf = (till: Till, order: Order) =>
  till.row(
    order.id,
    `SELECT COUNT(*) AS n, GROUP_CONCAT(state) AS states, SUM(amount_minor) AS minor FROM refunds WHERE order_id = '${order.id}'`,
  );

/** How often the sale was posted, and what the organizer is owed by that. */
const salesOf = (till: Till, order: Order) =>
  till.row<{ n: number; minor: number }>(
    order.id,
    `SELECT count(*) AS n, sum(e.amount_minor) AS minor FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
     WHERE t.order_id = '${order.id}' AND t.fact = 'sale' AND e.account = 'organizer_payable'`,
  );

const cancel = (till: Till, order: Order) => till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) });

/** An order that waits for the buyer's word at his bank. */
async function waitingOrder(
  till: Till,
  change = {},
): Promise<{ order: Order; paymentId: string; event: Awaited<ReturnType<typeof publish>> }> {
  const event = await publish(till, change);
  const order = await till.order(event);
  return { event, order, paymentId: (await till.paid(order, "tok_requires_action")).payment.id };
}

/** The object's clock and D1's alike. */
function passHold(order: Order): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(order.expiresAt) + 1_000 });
}

const oneTicket = { capacity: 1, ticketTypes: [{ name: "One", price: { amount: 500, currency: "EUR" }, quantity: 1 }] };

describe("a success that comes", () => {
  test.each([
    ["before", "pending"],
    ["after", "expired"],
  ])("after the hold's end is paid while stock lasts, %s a sweep", async (_, written) => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till, oneTicket);
    passHold(order);
    if (written === "expired") await till.sweep();
    expect(await stateOf(till, order)).toBe(written);
    expect(await till.status(order)).toBe("expired");
    expect((await till.webhook("evt_1", "payment.succeeded", paymentId)).status).toBe(200);
    await till.idle();
    expect(await till.status(order)).toBe("paid");
  });

  test("after the hold's end and finds no stock is given back, and no ticket", async () => {
    const till = await openTill();
    const { event, order, paymentId } = await waitingOrder(till, oneTicket);
    passHold(order);
    await till.paid(await till.order(event), "tok_success");
    await till.webhook("evt_1", "payment.succeeded", paymentId);
    await till.idle();
    expect(await till.status(order)).toBe("refunded");
    expect(await paymentOf(till, order)).toEqual({ state: "refunded", is_surplus: 1 });
    expect(parse(Payment, await till.ask("GET", `/payments/${paymentId}`, { as: guest(order) })).status).toBe("refunded");
    expect(await refundsOf(till, order)).toEqual({ n: 1, states: "succeeded", minor: 500 });
    expect((await till.ask("GET", `/orders/${order.id}/tickets`, { as: guest(order) })).body).toEqual({ data: [] });
  });

  test("after a cancellation is given back, also where stock lasts", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till);
    expect((await cancel(till, order)).status).toBe(200);
    await till.webhook("evt_1", "payment.succeeded", paymentId);
    await till.idle();
    expect(await till.status(order)).toBe("refunded");
    expect(await paymentOf(till, order)).toEqual({ state: "refunded", is_surplus: 1 });
  });

  test("from a second payment, after the first was called failed, is given back and changes nothing else", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till);
    await till.webhook("evt_1", "payment.failed", paymentId, "card_declined");
    await till.idle();
    await till.paid(order, "tok_success");
    await till.webhook("evt_2", "payment.succeeded", paymentId);
    await till.idle();
    expect(await till.status(order)).toBe("paid");
    expect(await till.row(order.id, `SELECT state, is_surplus FROM payments WHERE id = '${paymentId}'`)).toEqual({
      state: "refunded",
      is_surplus: 1,
    });
    expect(await refundsOf(till, order)).toEqual({ n: 1, states: "succeeded", minor: 2500 });
    // To two mailboxes each.
    const told = ["order.paid", "refund.succeeded"].map((type) => till.sent.filter((message) => message.type === type).length);
    expect(told).toEqual([2, 2]);
  });

  test("before the news of its processing ends as a success", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till);
    await till.webhook("evt_2", "payment.succeeded", paymentId);
    await till.webhook("evt_1", "payment.processing", paymentId);
    await till.webhook("evt_0", "payment.failed", paymentId, "card_declined");
    await till.idle();
    expect(await till.status(order)).toBe("paid");
    expect(await paymentOf(till, order)).toEqual({ state: "succeeded", is_surplus: 0 });
  });
});

describe("fifty webhooks at once", () => {
  const storm = async (till: Till, paymentId: string, ids: (count: number) => string) => {
    await Promise.all(Array.from({ length: 50 }, (_, count) => till.webhook(ids(count), "payment.succeeded", paymentId)));
    await till.idle();
  };

  test("with one event's id are one event and one paid order", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till);
    await storm(till, paymentId, () => "evt_same");
    expect(await till.status(order)).toBe("paid");
    expect(till.sent).toHaveLength(2);
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM provider_events WHERE event_id LIKE 'evt_%'")).toEqual({ n: 1 });
    expect(await salesOf(till, order)).toEqual({ n: 1, minor: -2500 });
  });

  test("with an id each pay the order once", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingOrder(till);
    await storm(till, paymentId, (count) => `evt_${count}`);
    expect(await till.status(order)).toBe("paid");
    expect(till.sent).toHaveLength(2);
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM provider_events WHERE processed_at_ms IS NULL")).toEqual({ n: 0 });
    expect(await salesOf(till, order)).toEqual({ n: 1, minor: -2500 });
  });

  test("would post and tell of the sale more than once if the guard did not stop the batch", async () => {
    let swaps = () => 0;
    const till = await openTill((env) => {
      const unguarded = (db: D1Database) => {
        const swapped = swapSql(db, "SELECT changes()", "SELECT 1");
        const before = swaps;
        swaps = () => before() + swapped.swaps();
        return swapped.db;
      };
      return { DB_0: unguarded(env.DB_0), DB_1: unguarded(env.DB_1) };
    });
    const { order, paymentId } = await waitingOrder(till);
    await storm(till, paymentId, (count) => `evt_${count}`);
    expect(swaps()).toBeGreaterThan(0);
    expect(till.sent.length).toBeGreaterThan(2);
    const sales = await salesOf(till, order);
    expect(sales?.n).toBeGreaterThan(1);
    expect(sales?.minor).toBe(-2500 * (sales?.n ?? 0));
  });
});

/** Holds the object's answer to a door back until it is let go, so that a race has one order. */
function gated(door: "releaseOrder" | "confirmOrder", when: "before" | "after") {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const wait = () => {
    arrive();
    return opened;
  };
  const change = (env: Env): Partial<Env> => {
    const real = env.EVENTS[door] as (...args: unknown[]) => Promise<unknown>;
    const gate = async (...args: unknown[]) => {
      if (when === "before") await wait();
      const answer = await real(...args);
      if (when === "after") await wait();
      return answer;
    };
    return { EVENTS: { ...env.EVENTS, [door]: gate } };
  };
  return { change, arrived, open };
}

describe("paying and cancelling at the same moment", () => {
  test("is won by the cancellation where the object gave the stock back first, and the money goes back", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const gate = gated("releaseOrder", "after");
    const till = await openTill(gate.change);
    const { order, paymentId } = await waitingOrder(till);
    const cancelling = cancel(till, order);
    await gate.arrived;
    // Not at once, so that what is owed can be seen.
    doors.open = { refundPayment: silent };
    await till.webhook("evt_1", "payment.succeeded", paymentId);
    await till.idle();
    gate.open();
    expect(parse(Order, await cancelling).status).toBe("cancelled");
    expect(await stateOf(till, order)).toBe("cancelled_paid");
    doors.open = {};
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    expect(await till.sweep()).toMatchObject({ refunds: 1 });
    expect(await till.status(order)).toBe("refunded");
    expect(await refundsOf(till, order)).toMatchObject({ n: 1, states: "succeeded" });
    vi.restoreAllMocks();
  });

  test("takes no money where the object gave the stock back before the provider was asked", async () => {
    const gate = gated("releaseOrder", "after");
    const till = await openTill(gate.change);
    const order = await till.order(await publish(till));
    const cancelling = cancel(till, order);
    await gate.arrived;
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 order_not_payable");
    gate.open();
    expect(codeOf(await cancelling)).toBe("200 -");
    expect(await till.status(order)).toBe("cancelled");
    expect(await paymentOf(till, order)).toEqual({ state: "failed", is_surplus: 0 });
  });

  test("is won by the payment where the object confirmed first", async () => {
    const gate = gated("confirmOrder", "after");
    const till = await openTill(gate.change);
    const order = await till.order(await publish(till));
    const paying = till.pay(order, "tok_success");
    await gate.arrived;
    expect(codeOf(await cancel(till, order))).toBe("409 order_not_cancellable");
    gate.open();
    expect(codeOf(await paying)).toBe("200 -");
    expect(await stateOf(till, order)).toBe("paid");
  });
});
