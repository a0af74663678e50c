import type Stripe from "stripe";
import { describe, expect, it, vi } from "vitest";
import { wordOf } from "../../workers/payments/providers/stripe-words";

const PAYMENT = "0199a0de-7c2f-7d13-9a54-2f1f4be8a900";
const REFUND = "5f0b5d43-7f6e-8a3e-9d35-0a8e2f7c1b01";

/** As much of an event as a word is made of. */
const event = (type: string, object: Record<string, unknown>) =>
  ({ type, data: { object } }) as unknown as Pick<Stripe.Event, "type" | "data">;

const intent = (change: Record<string, unknown> = {}) => ({
  id: "pi_1",
  metadata: { payment_id: PAYMENT, order_id: PAYMENT },
  status: "requires_payment_method",
  last_payment_error: null,
  ...change,
});
const refund = (change: Record<string, unknown> = {}) => ({
  id: "re_1",
  metadata: { payment_id: PAYMENT, refund_id: REFUND, generation: "0" },
  status: "succeeded",
  ...change,
});

describe("a word of Stripe's about a payment", () => {
  it.each([
    ["payment_intent.succeeded", "payment_succeeded"],
    ["payment_intent.processing", "payment_processing"],
    ["payment_intent.requires_action", "payment_action_required"],
  ])("%s is %s", (type, fact) => {
    expect(wordOf(event(type, intent()))).toEqual({ paymentId: PAYMENT, fact, failureCode: null, reference: "pi_1" });
  });

  it("names the bank's reason where the card was declined, else what Stripe says", () => {
    const declined = intent({ last_payment_error: { code: "card_declined", decline_code: "insufficient_funds" } });
    expect(wordOf(event("payment_intent.payment_failed", declined))).toMatchObject({
      fact: "payment_failed",
      failureCode: "insufficient_funds",
    });
    expect(wordOf(event("payment_intent.canceled", intent({ status: "canceled" })))).toMatchObject({
      fact: "payment_failed",
      failureCode: "canceled",
    });
  });

  it("is none where it is of another kind, or about a payment of somebody else's", () => {
    for (const type of ["payment_intent.created", "charge.succeeded", "customer.created"])
      expect(wordOf(event(type, intent()))).toBeNull();
    for (const metadata of [{}, null, { payment_id: "order 7" }])
      expect(wordOf(event("payment_intent.succeeded", intent({ metadata })))).toBeNull();
  });
});

describe("a word of Stripe's about a refund", () => {
  it.each([
    ["refund.created", "pending", "refund_pending"],
    ["refund.updated", "requires_action", "refund_pending"],
    ["refund.updated", "succeeded", "refund_succeeded"],
    ["charge.refund.updated", "succeeded", "refund_succeeded"],
    ["refund.updated", "canceled", "refund_failed"],
  ])("%s, %s is %s", (type, status, fact) => {
    expect(wordOf(event(type, refund({ status })))).toMatchObject({
      paymentId: PAYMENT,
      refundId: REFUND,
      fact,
      reference: "re_1",
    });
  });

  it("names why it failed", () => {
    const failed = refund({ status: "failed", failure_reason: "expired_or_canceled_card" });
    expect(wordOf(event("refund.failed", failed))).toMatchObject({
      fact: "refund_failed",
      failureCode: "expired_or_canceled_card",
    });
  });

  it("that somebody made in Stripe's own pages is none, and is warned of by its id alone", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(
      wordOf(event("refund.created", refund({ metadata: {}, receipt_number: "1234", description: "Greta Guest" }))),
    ).toBeNull();
    expect(warn.mock.calls).toHaveLength(1);
    const line = String(warn.mock.calls[0]?.[0]);
    expect(line).toContain("re_1");
    expect(line).not.toContain("Greta");
    warn.mockRestore();
  });
});
