/** The events Worker was away while buyers paid: what was stored meanwhile is made up for a hundred orders a call, not one. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { closeTills, confirmingThrough, openTill, publish, type Till } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const laterOn = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const EUR_5 = { amount: 500, currency: "EUR" };
const NOTHING = { amount: 0, currency: "EUR" };
const of = (quantity: number, price = EUR_5) => ({ capacity: quantity, ticketTypes: [{ name: "One", price, quantity }] });
const ORDERS = 120;

async function openOutage() {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const outage = { isOn: true, calls: [] as number[] };
  const till = await openTill((env) => ({
    EVENTS: confirmingThrough(env, (_, orders) => {
      outage.calls.push(orders);
      if (outage.isOn) throw new Error("the events Worker is away");
    }),
    PAYMENTS_SHARDS: "1",
  }));
  const end = () => {
    outage.isOn = false;
    outage.calls = [];
    laterOn(10_000);
  };
  return { till, outage, end };
}

const states = async (till: Till) =>
  (await till.env.DB_0.prepare("SELECT state, COUNT(*) AS n FROM orders GROUP BY state").all<{ state: string; n: number }>())
    .results;

describe("after an outage of the events Worker", () => {
  test("one sweep settles all paid orders with a call a hundred", { timeout: 60_000 }, async () => {
    const { till, outage, end } = await openOutage();
    const event = await publish(till, of(ORDERS));
    for (let count = 0; count < ORDERS; count++) await till.paid(await till.order(event), "tok_success");
    expect(await states(till)).toEqual([{ state: "pending", n: ORDERS }]);
    end();
    expect(await till.sweep()).toMatchObject({ providerEvents: ORDERS, providerEventsWaiting: 0 });
    expect(outage.calls).toEqual([100, 20]);
    expect(await states(till)).toEqual([{ state: "paid", n: ORDERS }]);
    const entries = await till.env.DB_0.prepare("SELECT COUNT(*) AS n FROM ledger_transactions WHERE fact = 'sale'").first("n");
    expect(entries).toBe(ORDERS);
  });

  test("one sweep finishes all free orders the same way", { timeout: 60_000 }, async () => {
    const { till, outage, end } = await openOutage();
    const event = await publish(till, of(ORDERS, NOTHING));
    for (let count = 0; count < ORDERS; count++) await till.order(event).catch(() => undefined);
    end();
    expect(await till.sweep()).toMatchObject({ freeOrders: ORDERS, freeOrdersWaiting: 0 });
    expect(outage.calls).toEqual([100, 20]);
    expect(await states(till)).toEqual([{ state: "paid", n: ORDERS }]);
  });

  test("each order of a call is decided by itself: what is gone is paid back, what was cancelled too", async () => {
    const { till, outage, end } = await openOutage();
    const event = await publish(till, of(3));
    const late = await till.order(event);
    const { payment } = await till.paid(late, "tok_requires_action");
    // Its end passes, and others buy what it had.
    laterOn(3_600_000);
    await till.sweep();
    const bought = [await till.order(event), await till.order(event), await till.order(event)];
    for (const order of bought) await till.paid(order, "tok_success");
    await till.webhook("evt_late", "payment.succeeded", payment.id);
    await till.idle();
    end();
    await till.sweep();
    await till.idle();
    expect(outage.calls).toEqual([4]);
    expect(await Promise.all(bought.map((order) => till.status(order)))).toEqual(["paid", "paid", "paid"]);
    expect(await till.status(late)).toBe("refunded");
  });

  test("an answer that is already in hand is not believed of an order that has moved since", async () => {
    const { till, end } = await openOutage();
    const event = await publish(till, of(2));
    const order = await till.order(event);
    await till.paid(order, "tok_success");
    end();
    const { confirmOrders } = till.env.EVENTS;
    till.env.EVENTS.confirmOrders = async (eventId, requests) => {
      const answers = await confirmOrders(eventId, requests);
      // Another hand writes the same money down before this one does.
      await till.run(
        order.id,
        `UPDATE orders SET state = 'paid', paid_at_ms = 1, version = version + 1 WHERE id = '${order.id}'`,
      );
      await till.run(order.id, `UPDATE payments SET state = 'succeeded' WHERE order_id = '${order.id}'`);
      return answers;
    };
    await till.sweep();
    expect(await till.row(order.id, "SELECT state, version, paid_at_ms FROM orders")).toEqual({
      state: "paid",
      version: 2,
      paid_at_ms: 1,
    });
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM ledger_transactions")).toEqual({ n: 0 });
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM provider_events WHERE processed_at_ms IS NULL")).toEqual({ n: 0 });
  });
});
