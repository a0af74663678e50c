/** The provider hangs, answers junk, answers twice, or takes the money and loses the answer. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PaymentProcessed } from "../../shared/contracts/orders";
import type { PaymentProvider, ProviderOutcome } from "../../workers/payments/providers/provider";
import { expectSound, MINUTE_MS, oneTicket, sweepAfter } from "../support/aftermath";
import { closeTills, codeOf, openTill, parse, publish, someKey } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";

const doors = replaceProviderDoors();

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

describe("a provider", () => {
  test("that takes the money and loses the answer is looked up, never asked again", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till, oneTicket()));
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
    const order = await till.order(await publish(till, oneTicket()));
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
    const order = await till.order(await publish(till, oneTicket()));
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
    const order = await till.order(await publish(till, oneTicket()));
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
    const order = await till.order(await publish(till, oneTicket()));
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
    const order = await till.order(await publish(till, oneTicket()));
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
