/** A provider that takes only so many payments a second: whoever waits for his turn is asked for once, and loses nothing by waiting. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import { type NextAction, type Order, Payment, PaymentProcessed } from "../../shared/contracts/orders";
import { holdBack, reserveSlot } from "../../workers/payments/providers/pace";
import type { PaymentIntent, ProviderOutcome } from "../../workers/payments/providers/provider";
import { closeTills, codeOf, guest, openTill, parse, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors } from "../support/provider-doors";
import { swapSql } from "../support/swapped-database";

const doors = replaceProviderDoors();
const SECRET: NextAction = { type: "client_secret", clientSecret: "pi_1_secret_2" };

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

/** What the provider was asked for; it takes its turns from `turn`. */
function paced(turn: () => Promise<number | null>, answer: Partial<ProviderOutcome> = { status: "succeeded" }): PaymentIntent[] {
  const asked: PaymentIntent[] = [];
  doors.open = {
    payableForMs: 30 * 60_000,
    takeTurn: turn,
    createPayment: async (intent) => {
      asked.push(intent);
      return { status: "succeeded", reference: `ref_${intent.paymentId}`, ...answer };
    },
    lookUp: async () => null,
  };
  return asked;
}
const atOnce = async () => Date.now();
const lineIsTooLong = async () => null;

const rowOf = (till: Till, paymentId: string) =>
  till.row<{ state: string; asked_at_ms: number | null; next_try_at_ms: number; failure_code: string | null }>(
    paymentId,
    `SELECT state, asked_at_ms, next_try_at_ms, failure_code FROM payments WHERE id = '${paymentId}'`,
  );

/** A payment whose turn has not come, with the order's end moved out already. */
async function waiting(till: Till): Promise<{ order: Order; begun: z.infer<typeof PaymentProcessed>; asked: PaymentIntent[] }> {
  const asked = paced(lineIsTooLong);
  const order = await till.order(await publish(till));
  const begun = await till.paid(order, "tok_success");
  await till.idle();
  expect(begun.payment.status).toBe("processing");
  expect(Date.parse(begun.order.expiresAt) - Date.now()).toBeGreaterThan(25 * 60_000);
  expect(asked).toEqual([]);
  expect(await rowOf(till, begun.payment.id)).toMatchObject({ state: "initiated", asked_at_ms: null });
  return { order, begun, asked };
}

const readAs = async (till: Till, order: Order, paymentId: string) =>
  parse(Payment, await till.ask("GET", `/payments/${paymentId}`, { as: guest(order) }));

const isDue = (till: Till, paymentId: string) =>
  till.run(paymentId, `UPDATE payments SET next_try_at_ms = 0 WHERE id = '${paymentId}'`);

describe("a payment whose turn has not come", () => {
  it("is asked for by the sweep, and not called failed because nobody knows it there", async () => {
    const till = await openTill();
    const { order, begun } = await waiting(till);
    const asked = paced(atOnce);
    await till.sweep();
    expect(asked).toEqual([]);
    await isDue(till, begun.payment.id);
    await till.sweep();
    await till.idle();
    expect(asked).toHaveLength(1);
    expect(asked[0]?.askedAtMs).toBeTypeOf("number");
    expect(await till.status(order)).toBe("paid");
  });

  it("is asked for when its buyer asks how it stands, who then hears what he has to do", async () => {
    const till = await openTill();
    const { order, begun } = await waiting(till);
    const asked = paced(atOnce, { status: "requires_action", nextAction: SECRET });
    doors.open.lookUp = async () => ({ status: "requires_action", reference: "ref", nextAction: SECRET });
    expect((await readAs(till, order, begun.payment.id)).status).toBe("processing");
    expect(asked).toEqual([]);
    await isDue(till, begun.payment.id);
    await readAs(till, order, begun.payment.id);
    await till.idle();
    expect(asked).toHaveLength(1);
    expect(await readAs(till, order, begun.payment.id)).toMatchObject({ status: "requires_action", nextAction: SECRET });
  });

  it("goes on with the request's key, once it is due", async () => {
    const till = await openTill();
    paced(lineIsTooLong);
    const order = await till.order(await publish(till));
    expect((await till.pay(order, "tok_success", "key-1")).status).toBe(202);
    const asked = paced(atOnce);
    const again = await till.pay(order, "tok_success", "key-1");
    expect(again.status).toBe(202);
    expect(asked).toEqual([]);
    await till.run(order.id, `UPDATE payments SET next_try_at_ms = 0 WHERE order_id = '${order.id}'`);
    expect((await till.pay(order, "tok_success", "key-1")).status).toBe(200);
    expect(asked).toHaveLength(1);
    expect(await till.status(order)).toBe("paid");
  });

  it("is asked for when its buyer comes back, where the request that wrote it was killed before it took a turn", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const till = await openTill();
    paced(async () => {
      throw new Error("killed");
    });
    const order = await till.order(await publish(till));
    expect((await till.pay(order, "tok_success", "key-1")).status).toBe(202);
    const asked = paced(atOnce);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 16_000 });
    expect((await till.pay(order, "tok_success", "key-1")).status).toBe(200);
    expect(asked).toHaveLength(1);
    expect(await till.status(order)).toBe("paid");
    vi.restoreAllMocks();
  });

  it("is not called failed by a sweep while it is being asked for", async () => {
    const till = await openTill();
    const asked = paced(atOnce);
    const { createPayment } = doors.open;
    doors.open.createPayment = async (intent) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 40_000 });
      await till.sweep();
      expect(await rowOf(till, intent.paymentId)).toMatchObject({ state: "initiated", failure_code: null });
      if (!createPayment) throw new Error("no such door");
      return createPayment(intent);
    };
    const order = await till.order(await publish(till));
    expect((await till.pay(order, "tok_success")).status).toBe(200);
    expect(asked).toHaveLength(1);
    expect(await till.status(order)).toBe("paid");
  });

  it("keeps its place in the line while it waits for it", { timeout: 30_000 }, async () => {
    const till = await openTill();
    const turnMs = Date.now() + 7_000;
    const asked = paced(async () => turnMs);
    const order = await till.order(await publish(till));
    const paying = till.pay(order, "tok_success");
    await vi.waitFor(async () => {
      const row = await till.row<{ next_try_at_ms: number }>(order.id, "SELECT next_try_at_ms FROM payments");
      expect(row?.next_try_at_ms).toBe(turnMs + 10_000);
    });
    expect((await paying).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it("is not asked for once its order is cancelled", async () => {
    const till = await openTill();
    const { order, begun } = await waiting(till);
    expect((await till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) })).status).toBe(200);
    const asked = paced(atOnce);
    await isDue(till, begun.payment.id);
    await till.sweep();
    await till.idle();
    expect(asked).toEqual([]);
    expect(await rowOf(till, begun.payment.id)).toMatchObject({ state: "failed", failure_code: "order_not_payable" });
  });

  it("has its turn waited for in the request's shadow, and one hears of it meanwhile", { timeout: 30_000 }, async () => {
    const till = await openTill();
    const asked = paced(async () => Date.now() + 8_500);
    const order = await till.order(await publish(till));
    const startedMs = Date.now();
    const begun = await till.paid(order, "tok_success");
    expect(begun.payment.status).toBe("processing");
    expect(Date.now() - startedMs).toBeLessThan(4_000);
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("409 payment_in_progress");
    await till.idle();
    expect(Date.now() - startedMs).toBeGreaterThan(8_000);
    expect(asked).toHaveLength(1);
    expect(await till.status(order)).toBe("paid");
  });
});

describe("an address that the buyer is sent to", () => {
  const away: NextAction = {
    type: "redirect",
    url: "https://hooks.stripe.example/3ds?payment_intent_client_secret=pi_1_secret_2",
  };

  it("is told again with the key and to its buyer, and stands nowhere", async () => {
    const till = await openTill();
    paced(atOnce, { status: "requires_action", nextAction: away });
    doors.open.lookUp = async () => ({ status: "requires_action", reference: "ref", nextAction: away });
    const order = await till.order(await publish(till));
    const first = await till.pay(order, "tok_success", "key-1");
    expect(first.body).toMatchObject({ payment: { status: "requires_action", nextAction: away } });
    expect((await till.pay(order, "tok_success", "key-1")).body).toEqual(first.body);
    const { id } = parse(PaymentProcessed, first, 202).payment;
    expect((await readAs(till, order, id)).nextAction).toEqual(away);
    for (const table of ["payments", "answers", "provider_events", "outbox"])
      for (const db of [till.env.DB_0, till.env.DB_1])
        expect(JSON.stringify((await db.prepare(`SELECT * FROM ${table}`).all()).results)).not.toContain("pi_1_secret_2");
  });
});

describe("a payment that its buyer never came back to", () => {
  it("ends a day after its order's end", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 26 * 3_600_000 });
    await till.sweep();
    expect(await rowOf(till, payment.id)).toMatchObject({ state: "failed", failure_code: "abandoned" });
  });

  it("may still be paid until then, and is asked after", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    await till.sweep();
    expect(await rowOf(till, payment.id)).toMatchObject({ state: "requires_action" });
    await till.webhook("evt_1", "payment.succeeded", payment.id);
    await till.idle();
    expect(await till.status(order)).toBe("paid");
  });

  it("is paid where the money came first", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    doors.open.cancelPayment = async () => ({ status: "succeeded", reference: "ref" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 26 * 3_600_000 });
    await till.sweep();
    await till.idle();
    expect(await rowOf(till, payment.id)).toMatchObject({ state: "succeeded" });
    expect(await till.status(order)).toBe("paid");
  });
});

describe("two who take a payment's turn at once", () => {
  /** Both have read the row before either writes. */
  async function race(till: Till): Promise<number> {
    const { order, begun } = await waiting(till);
    const { promise: both, resolve } = Promise.withResolvers<void>();
    let waits = 0;
    const asked = paced(async () => {
      waits += 1;
      if (waits === 2) resolve();
      await both;
      return Date.now();
    });
    await isDue(till, begun.payment.id);
    const reading = readAs(till, order, begun.payment.id);
    await reading;
    await isDue(till, begun.payment.id);
    await till.sweep();
    await till.idle();
    return asked.length;
  }

  it("are one who asks", async () => {
    const till = await openTill();
    expect(await race(till)).toBe(1);
  });

  it("would both ask without the condition that nobody has asked", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const swapped = { swaps: () => 0 };
    const till = await openTill((env) => {
      const find = "asked_at_ms IS NULL AND state = 'initiated'";
      const [zero, one] = [swapSql(env.DB_0, find, "TRUE"), swapSql(env.DB_1, find, "TRUE")];
      swapped.swaps = () => zero.swaps() + one.swaps();
      return { DB_0: zero.db, DB_1: one.db };
    });
    expect(await race(till)).toBe(2);
    expect(swapped.swaps()).toBe(2);
    vi.restoreAllMocks();
  });
});

describe("an endpoint's pace", () => {
  it("gives everybody a moment of his own, as far as it reaches", async () => {
    const { env } = await openTill();
    const slots = await Promise.all(Array.from({ length: 40 }, () => reserveSlot(env, "POST things", 60_000)));
    const sorted = slots.map((slot) => slot ?? 0).sort((a, b) => a - b);
    for (const [index, slot] of sorted.slice(1).entries()) expect(slot - (sorted[index] ?? 0)).toBe(50);
    expect(await reserveSlot(env, "POST things", 1_000)).toBeNull();
    expect(await reserveSlot(env, "GET things", 1_000)).toBeLessThanOrEqual(Date.now());
  });

  it("stops for all of them where the provider says so", async () => {
    const { env } = await openTill();
    await reserveSlot(env, "POST things", 1_000);
    await holdBack(env, "POST things", 2_500.75);
    expect((await reserveSlot(env, "POST things", 10_000)) ?? 0).toBeGreaterThan(Date.now() + 2_000);
  });
});
