/** An order that ends leaves no page open on which its buyer could pay for nothing; money that came first is given back. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Order } from "../../shared/contracts/orders";
import type { ProviderOutcome } from "../../workers/payments/providers/provider";
import { closeTills, guest, openTill, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const laterOn = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const paymentOf = (till: Till, order: Order) =>
  till.row<{ state: string; failure_code: string | null }>(
    order.id,
    `SELECT state, failure_code FROM payments WHERE order_id = '${order.id}'`,
  );

/** What the provider is asked to stop, and what it says to that. */
function stopping(answer: (reference: string) => Promise<ProviderOutcome>): string[] {
  const stopped: string[] = [];
  doors.open = {
    cancelPayment: (intent) => {
      stopped.push(intent.paymentId);
      return answer(`test_${intent.paymentId}`);
    },
  };
  return stopped;
}

async function waitingForItsBuyer() {
  const till = await openTill();
  const event = await publish(till);
  const order = await till.order(event);
  const { payment } = await till.paid(order, "tok_requires_action");
  const cancel = async () => {
    expect((await till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) })).status).toBe(200);
    await till.idle();
  };
  return { till, event, order, payment, cancel };
}

describe("a cancelled order's payment", () => {
  test("is stopped at its provider at once, without a sweep", async () => {
    const { till, order, payment, cancel } = await waitingForItsBuyer();
    const stopped = stopping(async (reference) => ({ status: "failed", reference }));
    await cancel();
    expect(stopped).toEqual([payment.id]);
    expect(await paymentOf(till, order)).toEqual({ state: "failed", failure_code: "abandoned" });
    await cancel();
    expect(stopped).toHaveLength(1);
  });

  test("that was made before the provider heard of it goes back", async () => {
    const { till, order, cancel } = await waitingForItsBuyer();
    stopping(async (reference) => ({ status: "succeeded", reference }));
    await cancel();
    expect(await till.status(order)).toBe("refunded");
    expect(await till.row(order.id, "SELECT COUNT(*) AS n, state FROM refunds")).toEqual({ n: 1, state: "succeeded" });
  });

  test("whose provider is silent then is stopped by a sweep soon", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { till, order, cancel } = await waitingForItsBuyer();
    stopping(silent);
    await cancel();
    expect(await paymentOf(till, order)).toMatchObject({ state: "requires_action" });
    doors.open = {};
    laterOn(20_000);
    expect(await till.sweep()).toMatchObject({ payments: 1 });
    expect(await paymentOf(till, order)).toEqual({ state: "failed", failure_code: "abandoned" });
  });

  test("on whose page the buyer presses all the same goes back", async () => {
    const { till, order, payment, cancel } = await waitingForItsBuyer();
    await cancel();
    await till.webhook("evt_1", "payment.succeeded", payment.id);
    await till.idle();
    expect(await till.status(order)).toBe("refunded");
  });
});

test("a cancelled event's payments are stopped by the next sweep", async () => {
  const { till, event, order, payment } = await waitingForItsBuyer();
  const stopped = stopping(async (reference) => ({ status: "failed", reference }));
  // Its next turn would be an hour from now.
  await till.run(order.id, `UPDATE payments SET next_try_at_ms = ${Date.now() + 3_600_000}`);
  await till.events.ask("POST", `/events/${event.id}/cancel`, { as: till.events.owner, body: { reason: "Flooded." } });
  await till.events.idle();
  await till.receive();
  laterOn(1_000);
  await till.sweep();
  expect(stopped).toEqual([payment.id]);
  expect(await paymentOf(till, order)).toEqual({ state: "failed", failure_code: "abandoned" });
});

test("an expired order's payment is asked after soon, so that money which came is not found an hour later", async () => {
  const { till, order } = await waitingForItsBuyer();
  const endMs = Date.parse(order.expiresAt) + 1_000;
  await till.run(order.id, `UPDATE payments SET next_try_at_ms = ${endMs + 3_600_000}`);
  doors.open = { lookUp: async ({ paymentId }) => ({ status: "succeeded", reference: `test_${paymentId}` }) };
  vi.useFakeTimers({ toFake: ["Date"], now: endMs });
  expect(await till.sweep()).toMatchObject({ expiredOrders: 1 });
  laterOn(5_000);
  await till.sweep();
  await till.idle();
  expect(await till.status(order)).toBe("paid");
});
