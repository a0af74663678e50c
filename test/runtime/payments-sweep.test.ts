/** Killed in between: what stands half-way is finished by the sweep, once. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Env } from "../../workers/payments/environment";
import { closeTills, codeOf, confirmingThrough, openTill, publish, type Till } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

/** The sweep leaves what is fresh to the request that began it. */
const laterOn = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });

/** As if it were another event's, whose object nobody can ask. */
const moveAway = (till: Till, { id }: { id: string }) =>
  till.run(id, `UPDATE orders SET event_id = '${crypto.randomUUID()}' WHERE id = '${id}'`);

/** The first confirm dies: before the object heard of it, or after it had decided and the answer was lost. */
const withLostConfirm = (when: "before" | "after") => (env: Env) => {
  let lost = false;
  const confirmOrder: Env["EVENTS"]["confirmOrder"] = async (request) => {
    if (lost) return env.EVENTS.confirmOrder(request);
    lost = true;
    if (when === "after") await env.EVENTS.confirmOrder(request);
    throw new Error("the connection to the object broke");
  };
  return { EVENTS: { ...env.EVENTS, confirmOrder } };
};

const EUR_5 = { amount: 500, currency: "EUR" };
const free = { ticketTypes: [{ name: "Free", price: { amount: 0, currency: "EUR" }, quantity: 5 }] };
const countOrders = (till: Till, where: string) =>
  Promise.all(
    [till.env.DB_0, till.env.DB_1].map((db) => db.prepare(`SELECT COUNT(*) AS n FROM orders WHERE ${where}`).first<number>("n")),
  );

describe("money that the provider took", () => {
  test.each(["before", "after"] as const)(
    "is a paid order in the end where the confirm was lost %s it was decided",
    async (when) => {
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      const till = await openTill(withLostConfirm(when));
      const order = await till.order(await publish(till));
      const answer = await till.paid(order, "tok_success");
      expect(answer).toMatchObject({ payment: { status: "processing" }, order: { status: "pending" } });
      expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 payment_in_progress");
      laterOn(3_000);
      expect(await till.sweep()).toMatchObject({ providerEvents: 1 });
      await till.idle();
      expect(await till.status(order)).toBe("paid");
      expect(await till.sweep()).toMatchObject({ providerEvents: 0, payments: 0 });
      expect(till.sent).toHaveLength(2);
      vi.restoreAllMocks();
    },
  );

  test("and whose answer nobody wrote down is looked up", async () => {
    const till = await openTill();
    const event = await publish(till);
    for (const [token, status] of [
      ["tok_success", "paid"],
      ["tok_decline", "pending"],
      ["tok_async", "pending"],
    ] as const) {
      const order = await till.order(event);
      await till.run(
        order.id,
        `INSERT INTO payments (id, order_id, provider, state, amount_minor, currency, method, asked_at_ms, created_at_ms, updated_at_ms)
         VALUES ('0197f3d0-b7c2-7d01-9c1d-${crypto.randomUUID().slice(-12, -2)}${order.id.slice(-2)}', '${order.id}', 'test', 'initiated',
           2500, 'EUR', '{"token":"${token}"}', 0, 0, 0)`,
      );
      expect(await till.sweep()).toMatchObject({ payments: 1 });
      await till.idle();
      expect(await till.status(order)).toBe(status);
      // What the provider refused, or never heard of, no longer stands in another card's way.
      expect(codeOf(await till.pay(order, "tok_success"))).toBe(status === "paid" ? "409 order_not_payable" : "200 -");
    }
  });
});

describe("an order that costs nothing", () => {
  test.each(["before", "after"] as const)("and lost its confirm %s it was decided is paid by the sweep", async (when) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const till = await openTill(withLostConfirm(when));
    const event = await publish(till, free);
    await expect(till.order(event)).rejects.toThrow("answered 500");
    expect(await countOrders(till, "state = 'pending'")).toContain(1);
    laterOn(6_000);
    expect(await till.sweep()).toMatchObject({ freeOrders: 1 });
    await till.idle();
    expect(await countOrders(till, "state = 'paid'")).toContain(1);
    expect(till.sent).toHaveLength(2);
    vi.restoreAllMocks();
  });
});

describe("orders whose end has passed", () => {
  test("are written down as expired in one call an event, and what the object confirmed is not", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const calls: number[] = [];
    const till = await openTill((env) => {
      const releaseOrders: Env["EVENTS"]["releaseOrders"] = (eventId, ids, reason) => {
        calls.push(ids.length);
        return env.EVENTS.releaseOrders(eventId, ids, reason);
      };
      return { EVENTS: { ...env.EVENTS, releaseOrders } };
    });
    const event = await publish(till);
    const orders = [];
    for (let count = 0; count < 30; count++) orders.push(await till.order(event));
    const [confirmed] = orders;
    if (!confirmed) throw new Error("no order");
    await till.env.EVENTS.confirmOrder({
      eventId: event.id,
      orderId: confirmed.id,
      buyer: { name: "Greta", email: "g@people.example" },
      attendees: [],
    });
    laterOn(3_600_000);
    expect(await till.sweep()).toMatchObject({ expiredOrders: 29 });
    expect(calls).toEqual([30]);
    expect((await countOrders(till, "state = 'expired'")).reduce<number>((sum, n) => sum + (n ?? 0), 0)).toBe(29);
    // It has its turn again later, and stands before nobody until then.
    await till.sweep();
    expect(calls).toEqual([30]);
    expect(await countOrders(till, `id = '${confirmed.id}' AND state = 'pending'`)).toContain(1);
  });
});

describe("an order whose end the object moved out", () => {
  test("is not expired by the sweep, which writes down the end that stands", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const untilMs = Date.parse(order.expiresAt) + 3_600_000;
    const extended = await till.env.EVENTS.extendOrder(order.eventId, order.id, untilMs);
    expect(extended).toEqual({ ok: true, value: { expiresAtMs: untilMs } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(order.expiresAt) + 1_000 });
    expect(await till.sweep()).toMatchObject({ expiredOrders: 0 });
    expect(await till.row(order.id, "SELECT state, expires_at_ms FROM orders")).toEqual({
      state: "pending",
      expires_at_ms: untilMs,
    });
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
  });
});

describe("what fails in a sweep", () => {
  test("stands behind the others the next time", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let sound = "";
    const till = await openTill((env) => {
      const EVENTS = confirmingThrough(env, (eventId) => {
        if (eventId !== sound) throw new Error("the object does not answer");
      });
      return { EVENTS, PAYMENTS_SHARDS: "1" };
    });
    const pay = async (event: { id: string; ticketTypes: { id: string }[] }) => {
      const order = await till.order(event);
      const { payment } = await till.paid(order, "tok_requires_action");
      await till.webhook(`evt_${payment.id}`, "payment.succeeded", payment.id);
      await till.idle();
      return order;
    };
    // As many events as one sweep may ask.
    const event = await publish(till);
    for (let count = 0; count < 24; count++) await moveAway(till, await pay(event));
    const last = await pay(event);
    sound = event.id;
    laterOn(5_000);
    await till.sweep();
    expect(await till.status(last)).toBe("pending");
    await till.sweep();
    expect(await till.status(last)).toBe("paid");
    vi.restoreAllMocks();
  });
});

describe("a sweep whose calls are few", () => {
  test("spends none on payments that say nothing new", async () => {
    const till = await openTill(() => ({ PAYMENTS_SHARDS: "1" }));
    const event = await publish(till, { capacity: 200, ticketTypes: [{ name: "One", price: EUR_5, quantity: 200 }] });
    for (let count = 0; count < 30; count++) await till.paid(await till.order(event), "tok_requires_action");
    const ended = await publish(till);
    await till.order(ended);
    laterOn(3_600_000);
    const { payments, expiredOrders } = await till.sweep();
    expect(expiredOrders).toBe(31);
    // Once because they were due, and once more because their orders have ended.
    expect(payments).toBe(60);
  });

  test("leaves each kind of work its part, however much waits of the others", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let calls = 0;
    const till = await openTill((env) => {
      const EVENTS = confirmingThrough(env, () => {
        calls += 1;
        throw new Error("the object does not answer");
      });
      EVENTS.releaseOrders = (...request) => {
        calls += 1;
        return env.EVENTS.releaseOrders(...request);
      };
      return { EVENTS, PAYMENTS_SHARDS: "1" };
    });
    const ended = await till.order(await publish(till));
    const event = await publish(till);
    for (let count = 0; count < 30; count++) {
      const order = await till.order(event);
      const { payment } = await till.paid(order, "tok_requires_action");
      await till.webhook(`evt_${payment.id}`, "payment.succeeded", payment.id);
      await till.idle();
      await moveAway(till, order);
    }
    laterOn(3_600_000);
    calls = 0;
    const { providerEvents } = await till.sweep();
    expect(await till.row(ended.id, `SELECT state FROM orders WHERE id = '${ended.id}'`)).toEqual({ state: "expired" });
    expect(providerEvents).toBeGreaterThan(15);
    expect(calls).toBeGreaterThan(15);
    expect(calls).toBeLessThanOrEqual(24);
    vi.restoreAllMocks();
  });
});

describe("an expired order that is being paid", () => {
  test.each(["before", "after"])(
    "keeps the stock that it got again from the sweep, where that came %s it expired",
    async (when) => {
      const till = await openTill();
      const event = await publish(till, {
        capacity: 1,
        ticketTypes: [{ name: "One", price: { amount: 500, currency: "EUR" }, quantity: 1 }],
      });
      const order = await till.order(event);
      laterOn(3_600_000);
      if (when === "after") expect(await till.sweep()).toMatchObject({ expiredOrders: 1 });
      expect(await till.status(order)).toBe("expired");
      const { payment, order: paying } = await till.paid(order, "tok_requires_action");
      expect(paying.status).toBe("pending");
      expect(Date.parse(paying.expiresAt)).toBeGreaterThan(Date.now());
      expect(await till.sweep()).toMatchObject({ expiredOrders: 0 });
      await expect(till.order(event)).rejects.toThrow("sold_out");
      await till.webhook("evt_1", "payment.succeeded", payment.id);
      await till.idle();
      expect(await till.status(order)).toBe("paid");
    },
  );
});

describe("production", () => {
  test("knows no provider test, no page of it and no webhook of it", async () => {
    const till = await openTill(() => ({ ENVIRONMENT: "production" }));
    const order = await till.order(await publish(till));
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("422 provider_not_configured");
    expect(codeOf(await till.webhook("evt_1", "payment.succeeded", order.id))).toBe("400 invalid_signature");
    expect(codeOf(await till.ask("POST", `/dev/test-provider/payments/${order.id}/settle`))).toBe("404 not_found");
    expect(codeOf(await till.ask("GET", `/dev/test-provider/payments/${order.id}/settle`))).toBe("404 not_found");
  });
});

describe("the outbox", () => {
  test("is emptied by the sweep where the delivery was lost", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let broken = true;
    const till = await openTill((env) => {
      const mailbox = {
        sendBatch: async (messages: Iterable<MessageSendRequest>) => {
          if (broken) throw new Error("the queue does not answer");
          return env.ANALYTICS_MAILBOX.sendBatch(messages);
        },
      } as unknown as Queue;
      return { NOTIFICATIONS_MAILBOX: mailbox, ANALYTICS_MAILBOX: mailbox };
    });
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_success");
    await till.idle();
    expect(till.sent).toHaveLength(0);
    broken = false;
    laterOn(5_000);
    expect(await till.sweep()).toMatchObject({ outbox: 1 });
    expect(till.sent.map(({ subject }) => subject)).toEqual([order.id, order.id]);
    expect(await till.sweep()).toMatchObject({ outbox: 0 });
    vi.restoreAllMocks();
  });
});
