/** Keys of paying and cancelling: free where nothing was answered, and new after their day. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { BUYER, closeTills, codeOf, guest, openTill, parse, publish, someKey, user } from "../support/payments-room";
import { replaceProviderDoors } from "../support/provider-doors";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const laterOn = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const quietly = () => vi.spyOn(console, "error").mockImplementation(() => undefined);

describe("a key of /payments/process", () => {
  const processing = (order: { id: string }, token = "tok_success") => ({
    orderId: order.id,
    provider: "test",
    paymentMethod: { token },
  });

  test("is free after a 404", async () => {
    const till = await openTill();
    const buyer = user();
    const event = await publish(till);
    const body = {
      eventId: event.id,
      items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }],
      buyer: BUYER,
    };
    const { id } = parse(Order, await till.ask("POST", "/orders", { as: buyer, body }), 201);
    const stranger = await till.order(event);
    const key = someKey();
    const pay = (order: { id: string }) => till.ask("POST", "/payments/process", { as: buyer, key, body: processing(order) });
    expect(codeOf(await pay(stranger))).toBe("404 order_not_found");
    expect(codeOf(await pay({ id }))).toBe("200 -");
  });

  test("is free where the object could not be asked", async () => {
    quietly();
    let broken = true;
    const till = await openTill((env) => ({
      EVENTS: {
        ...env.EVENTS,
        extendOrder: async (...args) => {
          if (broken) throw new Error("the object does not answer");
          return env.EVENTS.extendOrder(...args);
        },
      },
    }));
    const order = await till.order(await publish(till));
    const key = someKey();
    expect(codeOf(await till.pay(order, "tok_success", key))).toBe("500 internal");
    broken = false;
    const again = await till.pay(order, "tok_success", key);
    expect(parse(PaymentProcessed, again, 200).payment).toMatchObject({ status: "failed", failureCode: "unavailable" });
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
  });

  test("is a new one after its day, and names another payment", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const key = someKey();
    const first = parse(PaymentProcessed, await till.pay(order, "tok_decline", key));
    laterOn(25 * 3_600_000);
    const second = parse(PaymentProcessed, await till.pay(order, "tok_success", key));
    expect(second.payment).toMatchObject({ status: "succeeded" });
    expect(second.payment.id).not.toBe(first.payment.id);
  });

  test("says when to come again while its first request runs", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const key = someKey();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    doors.open = {
      createPayment: async ({ paymentId }) => {
        ask();
        await opened;
        return { status: "succeeded", reference: paymentId };
      },
    };
    const first = till.pay(order, "tok_success", key);
    await asked;
    const second = await till.pay(order, "tok_success", key);
    expect(codeOf(second)).toBe("409 request_in_progress");
    expect(second.headers.get("retry-after")).toBe("1");
    open();
    expect((await first).status).toBe(200);
  });
});

describe("a key of a cancellation", () => {
  test("is free where the object could not be asked", async () => {
    quietly();
    let broken = true;
    const till = await openTill((env) => ({
      EVENTS: {
        ...env.EVENTS,
        releaseOrder: async (...args) => {
          if (broken) throw new Error("the object does not answer");
          return env.EVENTS.releaseOrder(...args);
        },
      },
    }));
    const order = await till.order(await publish(till));
    const asked = { as: guest(order), key: someKey() };
    expect(codeOf(await till.ask("POST", `/orders/${order.id}/cancel`, asked))).toBe("500 internal");
    broken = false;
    expect(codeOf(await till.ask("POST", `/orders/${order.id}/cancel`, asked))).toBe("200 -");
  });
});
