/** Tries to pay: providers that fall silent, buyers who come with another card, events that are over, refunds that fail. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Order, PaymentProcessed } from "../../shared/contracts/orders";
import { closeTills, codeOf, guest, openTill, parse, publish, someKey, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const laterOn = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const quietly = () => vi.spyOn(console, "error").mockImplementation(() => undefined);
const paymentsOf = async (till: Till, order: Order) =>
  (
    await till.env[order.id.endsWith("00") ? "DB_0" : "DB_1"]
      .prepare("SELECT state, failure_code FROM payments WHERE order_id = ? ORDER BY rowid")
      .bind(order.id)
      .all<{ state: string; failure_code: string | null }>()
  ).results.map(({ state, failure_code }) => `${state} ${failure_code ?? "-"}`);

describe("a provider that hangs", () => {
  /** Asked, and silent for ever. */
  function hanging() {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const hang = () => {
      resolve();
      return new Promise<never>(() => undefined);
    };
    return { hang, asked };
  }

  test("while an earlier payment is stopped keeps its buyer's next one a few seconds", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_requires_action");
    const { hang, asked } = hanging();
    doors.open = { cancelPayment: hang };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const paying = till.pay(order, "tok_success");
    await asked;
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await paying).status).toBe(200);
    expect(await paymentsOf(till, order)).toEqual(["failed superseded", "succeeded -"]);
  });

  test("while it is asked what its own word counts for keeps nobody, and is asked again", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    const { hang, asked } = hanging();
    doors.open = { weigh: hang };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    expect((await till.webhook("evt_1", "payment.succeeded", payment.id)).status).toBe(200);
    await asked;
    await vi.advanceTimersByTimeAsync(15_000);
    await till.idle();
    vi.useRealTimers();
    doors.open = {};
    expect(await till.status(order)).toBe("pending");
    laterOn(10_000);
    expect(await till.sweep()).toMatchObject({ providerEvents: 1 });
    await till.idle();
    expect(await till.status(order)).toBe("paid");
  });
});

describe("a provider that does not answer", () => {
  test("leaves a payment under way, which the sweep looks up", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    doors.open = { createPayment: silent };
    const answer = await till.pay(order, "tok_success");
    expect(parse(PaymentProcessed, answer, 202).payment.status).toBe("processing");
    doors.open = {};
    expect(await till.sweep()).toMatchObject({ payments: 0 });
    laterOn(61_000);
    expect(await till.sweep()).toMatchObject({ payments: 1 });
    expect(await till.status(order)).toBe("paid");
  });

  test("is looked up by the key's next request, and asked for no second payment", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    const key = someKey();
    let created = 0;
    doors.open = {
      createPayment: async () => {
        created += 1;
        return silent();
      },
    };
    expect((await till.pay(order, "tok_success", key)).status).toBe(202);
    const answer = await till.pay(order, "tok_success", key);
    expect(parse(PaymentProcessed, answer, 200).payment.status).toBe("succeeded");
    expect(created).toBe(1);
    expect((await till.pay(order, "tok_success", key)).body).toEqual(answer.body);
    expect(await paymentsOf(till, order)).toEqual(["succeeded -"]);
  });

  test("and has never heard of the payment is asked for it then", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    const key = someKey();
    doors.open = { createPayment: silent };
    await till.pay(order, "tok_success", key);
    doors.open = { lookUp: async () => null };
    expect((await till.pay(order, "tok_success", key)).status).toBe(200);
    expect(await till.status(order)).toBe("paid");
  });

  test("about the buyer's next step is asked again, with less and less haste", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_requires_action");
    let asked = 0;
    doors.open = {
      lookUp: async ({ paymentId }) => {
        asked += 1;
        return { status: "requires_action", reference: paymentId, nextAction: { type: "redirect", url: "/elsewhere" } };
      },
    };
    for (let minutes = 0; minutes < 60; minutes++) {
      laterOn(60_000);
      await till.sweep();
    }
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(10);
    doors.open = { lookUp: async ({ paymentId }) => ({ status: "succeeded", reference: paymentId }) };
    laterOn(3_600_000);
    await till.sweep();
    expect(await till.status(order)).toBe("paid");
  });
});

describe("an action that the buyer has to take", () => {
  test("is not lost where its payment was looked up", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    doors.open = { createPayment: silent };
    const { payment } = await till.paid(order, "tok_requires_action");
    doors.open = {};
    laterOn(61_000);
    await till.sweep();
    const row = await till.row<{ state: string; reference: string; next_action: string }>(order.id, "SELECT * FROM payments");
    expect(row).toMatchObject({ state: "requires_action", reference: `test_${payment.id}` });
    expect(JSON.parse(row?.next_action ?? "")).toMatchObject({ type: "redirect" });
  });

  test("is told with its secret each time, and kept without it", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const secret = "pi_1_secret_2";
    const outcome = {
      status: "requires_action",
      reference: "pi_1",
      nextAction: { type: "client_secret", clientSecret: secret },
    } as const;
    doors.open = { createPayment: async () => outcome, lookUp: async () => outcome };
    const key = someKey();
    const first = await till.pay(order, "tok_requires_action", key);
    expect(parse(PaymentProcessed, first, 202).payment.nextAction).toEqual(outcome.nextAction);
    expect((await till.pay(order, "tok_requires_action", key)).body).toEqual(first.body);
    for (const table of ["payments", "answers", "provider_events"]) {
      for (const db of [till.env.DB_0, till.env.DB_1]) {
        expect(JSON.stringify((await db.prepare(`SELECT * FROM ${table}`).all()).results)).not.toContain(secret);
      }
    }
  });
});

describe("a buyer who comes back with another card", () => {
  test("pays with that one, and what waited for him brings nothing", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_requires_action");
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
    expect(await paymentsOf(till, order)).toEqual(["failed superseded", "succeeded -"]);
  });

  test("is not asked to pay twice where the first money came before", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_requires_action");
    doors.open = { cancelPayment: async ({ paymentId }) => ({ status: "succeeded", reference: paymentId }) };
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 order_not_payable");
    expect(await paymentsOf(till, order)).toEqual(["succeeded -", "failed order_not_payable"]);
    expect(await till.status(order)).toBe("paid");
  });

  test("pays an expired order too, whose first payment was never finished", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_requires_action");
    laterOn(3_600_000);
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
  });

  test("waits where the provider has the money under way, and repeating the first request brings nothing back", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const key = someKey();
    const first = await till.pay(order, "tok_requires_action", key);
    doors.open = { createPayment: async ({ paymentId }) => ({ status: "processing", reference: paymentId }) };
    await till.paid(order, "tok_async");
    expect((await till.pay(order, "tok_requires_action", key)).body).toEqual(first.body);
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 payment_in_progress");
    expect(await paymentsOf(till, order)).toEqual(["failed superseded", "processing -"]);
  });

  test("gets an expired order's stock again a few times, not for ever", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const heard: string[] = [];
    for (let count = 0; count < 6; count++) {
      laterOn(3_600_000);
      heard.push(codeOf(await till.pay(order, "tok_decline")));
    }
    expect(heard.slice(0, 2)).toEqual(["200 -", "200 -"]);
    expect(heard.at(-1)).toBe("409 order_not_payable");
  });
});

describe("an event that was cancelled", () => {
  test("takes no more money, whatever its orders read", async () => {
    const till = await openTill();
    const event = await publish(till);
    const order = await till.order(event);
    let created = 0;
    doors.open = {
      createPayment: async () => {
        created += 1;
        return silent();
      },
    };
    const { status } = await till.events.ask("POST", `/events/${event.id}/cancel`, {
      as: till.events.owner,
      body: { reason: "Rain" },
    });
    expect([200, 202]).toContain(status);
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 order_not_payable");
    expect(created).toBe(0);
    expect(await paymentsOf(till, order)).toEqual(["failed order_not_payable"]);
  });
});

describe("a refund that fails", () => {
  test("stays visible, and is tried again under the same id until it succeeds", async () => {
    quietly();
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    await till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) });
    const ids = new Set<string>();
    doors.open = {
      refundPayment: async ({ refundId }) => {
        ids.add(refundId);
        if (ids.size === 1)
          doors.open = { ...doors.open, refundPayment: async () => ({ status: "failed", reference: "", failureCode: "busy" }) };
        return silent();
      },
    };
    await till.webhook("evt_1", "payment.succeeded", payment.id);
    await till.idle();
    expect(await till.row(order.id, "SELECT state FROM refunds")).toEqual({ state: "pending" });
    laterOn(61_000);
    await till.sweep();
    expect(await till.row(order.id, "SELECT state, failure_code FROM refunds")).toEqual({
      state: "failed",
      failure_code: "busy",
    });
    expect(await till.status(order)).toBe("cancelled");
    doors.open = {};
    laterOn(3_600_000);
    expect(await till.sweep()).toMatchObject({ refunds: 1 });
    expect(await till.status(order)).toBe("refunded");
    expect(await till.row(order.id, "SELECT id, state FROM refunds")).toEqual({ id: [...ids][0], state: "succeeded" });
    expect(await till.sweep()).toMatchObject({ refunds: 0 });
  });
});
