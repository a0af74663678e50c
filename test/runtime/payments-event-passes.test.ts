/** What a person has to decide first keeps no sweep walking over all the orders of a cancelled event. */
import { afterEach, expect, test, vi } from "vitest";
import { closeTills, openTill, publish } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

test("a cancelled event goes over its orders less and less often for one that nobody finishes", async () => {
  let passes = 0;
  const till = await openTill((env) => ({
    EVENTS: {
      ...env.EVENTS,
      releaseOrders: (...asked) => {
        passes += 1;
        return env.EVENTS.releaseOrders(...asked);
      },
    },
  }));
  const event = await publish(till);
  const order = await till.order(event);
  await till.paid(order, "tok_requires_action");
  const buyer = { name: order.buyer.name, email: order.buyer.email };
  await till.env.EVENTS.confirmOrder({ eventId: event.id, orderId: order.id, buyer, attendees: [] });
  await till.events.ask("POST", `/events/${event.id}/cancel`, { as: till.events.owner, body: { reason: "Flooded." } });
  await till.events.idle();
  await till.receive();
  for (let sweeps = 0; sweeps < 30; sweeps++) {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
    // It is the job's passes that are counted, not the order's own end.
    await till.run(order.id, `UPDATE orders SET next_try_at_ms = ${Date.now() + 3_600_000}`);
    await till.sweep();
  }
  expect(await till.row(order.id, "SELECT finished_at_ms FROM event_refunds")).toEqual({ finished_at_ms: null });
  expect(passes).toBeGreaterThan(4);
  expect(passes).toBeLessThan(10);
});
