/** What stands around a sale fails: the event's object, the clock, the queues, the sweep itself. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Env } from "../../workers/payments/environment";
import { expectSound, MINUTE_MS, oneTicket, passTime, sweepAfter } from "../support/aftermath";
import { inventoryOf } from "../support/inventory";
import { closeTills, codeOf, openTill, publish, type Till } from "../support/payments-room";
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
      const event = await publish(till, oneTicket());
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
    const event = await publish(till, oneTicket());
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
    const event = await publish(till, oneTicket());
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
  const order = await till.order(await publish(till, oneTicket()));
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
      const confirmOrders: Env["EVENTS"]["confirmOrders"] = (eventId, requests) => {
        confirms.push(...requests.map(({ orderId }) => orderId));
        return env.EVENTS.confirmOrders(eventId, requests);
      };
      return { EVENTS: { ...env.EVENTS, confirmOrder, confirmOrders } };
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
