/** What stands around a sale fails: the provider, the event's object, the clock, the queues, the sweep itself. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PaymentProcessed } from "../../shared/contracts/orders";
import type { Env } from "../../workers/payments/environment";
import type { PaymentProvider, ProviderOutcome } from "../../workers/payments/providers/provider";
import { inventoryOf } from "../support/inventory";
import { closeTills, codeOf, openTill, parse, publish, someKey, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";
import { faultsInBooks } from "../support/sale-books";

const doors = replaceProviderDoors();

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

const MINUTE_MS = 60_000;
const passTime = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const one = { capacity: 1, ticketTypes: [{ name: "One", price: { amount: 2500, currency: "EUR" }, quantity: 1 }] };

async function sweepAfter(till: Till, ms: number): Promise<void> {
  passTime(ms);
  await till.sweep();
  await till.idle();
}

async function expectSound(till: Till): Promise<void> {
  await sweepAfter(till, 3 * MINUTE_MS);
  await sweepAfter(till, 120 * MINUTE_MS);
  expect(await faultsInBooks(till)).toEqual([]);
}

describe("a provider", () => {
  test("that takes the money and loses the answer is looked up, never asked again", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    const asked: string[] = [];
    doors.open = {
      createPayment: async ({ paymentId }) => {
        asked.push(paymentId);
        throw new DOMException("the operation timed out", "TimeoutError");
      },
    };
    const key = someKey();
    expect(parse(PaymentProcessed, await till.pay(order, "tok_success", key), 202).payment.status).toBe("processing");
    // The buyer asks again with his key, and the provider knows of the money by now.
    expect(parse(PaymentProcessed, await till.pay(order, "tok_success", key), 200).order.status).toBe("paid");
    expect(asked).toHaveLength(1);
    await expectSound(till);
  });

  test("that hangs keeps neither the buyer nor the sweep for ever", async () => {
    const { setTimeout: real } = globalThis;
    // Nobody has the patience of a provider's in a test.
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms?: number) =>
      real(run, ms !== undefined && ms >= 5_000 ? 20 : ms)) as typeof setTimeout);
    const till = await openTill();
    const event = await publish(till);
    const [first, second] = [await till.order(event), await till.order(event)];
    const hanging = () => new Promise<never>(() => undefined);
    doors.open = { createPayment: hanging };
    for (const order of [first, second])
      expect(parse(PaymentProcessed, await till.pay(order, "tok_success"), 202).payment.status).toBe("processing");
    doors.open = {
      lookUp: ({ orderId, paymentId }) =>
        orderId === first.id ? hanging() : Promise.resolve({ status: "succeeded", reference: `test_${paymentId}` }),
    };
    await sweepAfter(till, 2 * MINUTE_MS);
    expect([await till.status(first), await till.status(second)]).toEqual(["pending", "paid"]);
    doors.open = {};
    vi.restoreAllMocks();
    await sweepAfter(till, 10 * MINUTE_MS);
    expect(await till.status(first)).toBe("paid");
  });

  test("that is asked by the sweep instead is looked up there", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    const createPayment = vi.fn(silent);
    doors.open = { createPayment };
    await till.paid(order, "tok_success");
    await sweepAfter(till, 2 * MINUTE_MS);
    expect(await till.status(order)).toBe("paid");
    expect(createPayment).toHaveBeenCalledTimes(1);
    await expectSound(till);
  });

  test("that never heard of the payment, and stays silent for hours, has failed once it says so", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    doors.open = { createPayment: silent, lookUp: silent };
    await till.paid(order, "tok_success");
    for (let hours = 0; hours < 3; hours++) await sweepAfter(till, 60 * MINUTE_MS);
    expect(await till.status(order)).toBe("expired");
    doors.open = { lookUp: async () => null };
    await sweepAfter(till, 120 * MINUTE_MS);
    doors.open = {};
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
    await expectSound(till);
  });

  test.each([
    ["a status that nobody knows", "202 -", { status: "perhaps", reference: "test_x" }],
    ["nothing at all", "202 -", undefined],
    ["a page of HTML", "202 -", "<!doctype html>"],
    ["no reference", "200 -", { status: "succeeded" }],
  ])("that answers junk (%s) is asked again, and its buyer hears %s meanwhile", async (_, status, junk) => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    doors.open = { createPayment: async () => junk as unknown as ProviderOutcome };
    const heard = codeOf(await till.pay(order, "tok_success"));
    expect(heard).toBe(status);
    await till.idle();
    doors.open = {};
    await sweepAfter(till, 3 * MINUTE_MS);
    // What it says when it is asked properly is what counts.
    expect(await till.status(order)).toBe("paid");
    await expectSound(till);
  });

  test("that answers twice, differently, and by webhook besides, is one paid order", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    const createPayment: PaymentProvider["createPayment"] = async ({ paymentId }) => {
      // The webhook comes before the answer that it belongs to.
      expect((await till.webhook(`evt_${paymentId}`, "payment.succeeded", paymentId)).status).toBe(200);
      await till.idle();
      return { status: "processing", reference: `test_${paymentId}` };
    };
    doors.open = { createPayment };
    const { payment, order: paid } = await till.paid(order, "tok_success");
    expect([payment.status, paid.status]).toEqual(["succeeded", "paid"]);
    await till.webhook("evt_failed", "payment.failed", payment.id, "card_declined");
    await till.webhook("evt_processing", "payment.processing", payment.id);
    await till.idle();
    expect(await till.status(order)).toBe("paid");
    await expectSound(till);
  });

  test("whose failure arrives before its success ends in the success", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, one));
    const { payment } = await till.paid(order, "tok_requires_action");
    for (const [id, type] of [
      ["evt_1", "payment.failed"],
      ["evt_2", "payment.processing"],
      ["evt_3", "payment.succeeded"],
      ["evt_1", "payment.failed"],
    ] as const)
      for (let times = 0; times < 3; times++) await till.webhook(id, type, payment.id, "card_declined");
    await till.idle();
    expect(await till.status(order)).toBe("paid");
    await expectSound(till);
  });
});

describe("the event's object", () => {
  test.each(["evicted", "aborted", "aborted while it is asked"])(
    "%s between reserving and confirming loses no hold",
    async (how) => {
      let isBroken = false;
      const till = await openTill((env) => {
        const confirmOrder: Env["EVENTS"]["confirmOrder"] = async (request) => {
          if (!isBroken) return env.EVENTS.confirmOrder(request);
          isBroken = false;
          const object = inventoryOf(request.eventId);
          const confirmed = env.EVENTS.confirmOrder(request);
          const aborted = runInDurableObject(object, (_, state) => state.abort("evicted")).catch(() => undefined);
          await Promise.allSettled([confirmed, aborted]);
          return confirmed;
        };
        return { EVENTS: { ...env.EVENTS, confirmOrder } };
      });
      const event = await publish(till, one);
      const order = await till.order(event);
      if (how === "evicted") await evictDurableObject(inventoryOf(event.id));
      if (how === "aborted") await abortAllDurableObjects();
      isBroken = how === "aborted while it is asked";
      await till.pay(order, "tok_success");
      await till.idle();
      await sweepAfter(till, MINUTE_MS);
      expect(await till.status(order)).toBe("paid");
      await expect(till.order(event)).rejects.toThrow("sold_out");
      await expectSound(till);
    },
  );
});

describe("a clock that jumps over the hold's end", () => {
  const jumping = async (sellOn: boolean) => {
    const till = await openTill();
    const event = await publish(till, one);
    const order = await till.order(event);
    doors.open = {
      // The money is taken while the hold still stands, and the answer comes when it does not any more.
      createPayment: async ({ paymentId }) => {
        passTime(Date.parse(order.expiresAt) - Date.now() + MINUTE_MS);
        doors.open = {};
        if (sellOn) expect((await till.paid(await till.order(event), "tok_success")).order.status).toBe("paid");
        return { status: "succeeded", reference: `test_${paymentId}` };
      },
    };
    const answer = await till.pay(order, "tok_success");
    await till.idle();
    return { till, order, answer };
  };

  test("while the provider is asked gives the ticket while it is there", async () => {
    const { till, order, answer } = await jumping(false);
    expect(codeOf(answer)).toBe("200 -");
    expect(await till.status(order)).toBe("paid");
    await expectSound(till);
  });

  test("and finds it sold gives the money back", async () => {
    const { till, order, answer } = await jumping(true);
    expect(codeOf(answer)).toBe("409 sold_out");
    expect(await till.status(order)).toBe("refunded");
    await expectSound(till);
  });

  test("and back again ends no live order", async () => {
    const till = await openTill();
    const event = await publish(till, one);
    const order = await till.order(event);
    const nowMs = Date.now();
    await sweepAfter(till, 3 * 60 * MINUTE_MS);
    expect(await till.status(order)).toBe("expired");
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
    await expectSound(till);
  });
});

test("without queues a sale stands, and its news waits for them", async () => {
  let isDown = true;
  const till = await openTill((env) => {
    const mailbox = {
      sendBatch: async (messages: Iterable<MessageSendRequest>) => {
        if (isDown) throw new Error("the queue does not answer");
        return env.ANALYTICS_MAILBOX.sendBatch(messages);
      },
    } as unknown as Queue;
    return { NOTIFICATIONS_MAILBOX: mailbox, ANALYTICS_MAILBOX: mailbox };
  });
  const order = await till.order(await publish(till, one));
  expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
  await till.idle();
  await sweepAfter(till, MINUTE_MS);
  expect([till.sent.length, await faultsInBooks(till)]).toEqual([0, expect.arrayContaining(["1 messages in the outbox"])]);
  isDown = false;
  await expectSound(till);
});

describe("sweeps", () => {
  /** Money of four orders that only a sweep can settle, and one expired order. */
  async function leaveHalfWay(till: Till) {
    const event = await publish(till);
    doors.open = { createPayment: silent };
    const orders = [];
    for (let count = 0; count < 4; count++) {
      const order = await till.order(event);
      await till.pay(order, "tok_success");
      orders.push(order);
    }
    doors.open = {};
    await till.order(event);
    await till.idle();
    return orders;
  }

  test("three at once do everything once", async () => {
    const confirms: string[] = [];
    const lookUps: string[] = [];
    const till = await openTill((env) => {
      const confirmOrder: Env["EVENTS"]["confirmOrder"] = (request) => {
        confirms.push(request.orderId);
        return env.EVENTS.confirmOrder(request);
      };
      return { EVENTS: { ...env.EVENTS, confirmOrder } };
    });
    const orders = await leaveHalfWay(till);
    doors.open = {
      lookUp: async ({ paymentId }) => {
        lookUps.push(paymentId);
        return { status: "succeeded", reference: `test_${paymentId}` };
      },
    };
    passTime(2 * MINUTE_MS);
    await Promise.all([till.sweep(), till.sweep(), till.sweep()]);
    await till.idle();
    expect([...confirms].sort()).toEqual(orders.map(({ id }) => id).sort());
    expect(new Set(lookUps).size).toBe(4);
    expect(lookUps).toHaveLength(4);
    await expectSound(till);
  });

  test("killed in the middle are carried on with by the next", async () => {
    let left = Number.POSITIVE_INFINITY;
    const till = await openTill((env) => {
      const confirmOrder: Env["EVENTS"]["confirmOrder"] = async (request) => {
        if (left-- <= 0) throw new Error("killed");
        return env.EVENTS.confirmOrder(request);
      };
      return { EVENTS: { ...env.EVENTS, confirmOrder } };
    });
    const orders = await leaveHalfWay(till);
    left = 2;
    await sweepAfter(till, 2 * MINUTE_MS);
    const paid = async () => (await Promise.all(orders.map((order) => till.status(order)))).filter((is) => is === "paid");
    expect(await paid()).toHaveLength(2);
    left = Number.POSITIVE_INFINITY;
    await sweepAfter(till, 3 * MINUTE_MS);
    expect(await paid()).toHaveLength(4);
    await expectSound(till);
  });
});
