import { describe, expect, test } from "vitest";
import { ORDER_STATUSES } from "../../shared/contracts/orders";
import {
  nextOrderState,
  nextPaymentState,
  ORDER_NEXT,
  type OrderFact,
  type OrderState,
  orderStatus,
  PAYMENT_NEXT,
  type PaymentFact,
  type PaymentState,
  type ReturnFact,
} from "../../workers/payments/order-states";

const ORDER_FACTS: OrderFact[] = [
  "confirmed",
  "money_without_stock",
  "money_after_release",
  "ended",
  "released",
  "partially_refunded",
  "refunded",
];
const PAYMENT_FACTS: (PaymentFact | ReturnFact)[] = [
  "payment_action_required",
  "payment_processing",
  "payment_succeeded",
  "payment_failed",
  "payment_partially_refunded",
  "payment_refunded",
];
/** How far along a state is: no fact leads to a smaller one. */
const ORDER_RANK: Record<OrderState, number> = {
  pending: 0,
  expired: 1,
  cancelled: 2,
  paid: 3,
  late_paid: 3,
  cancelled_paid: 3,
  partially_refunded: 4,
  refunded: 5,
};
const PAYMENT_RANK: Record<PaymentState, number> = {
  initiated: 0,
  requires_action: 1,
  processing: 2,
  failed: 3,
  succeeded: 4,
  partially_refunded: 5,
  refunded: 6,
};

// The keys are the states; Object.keys only forgets it.
const orderStates = Object.keys(ORDER_NEXT) as OrderState[];
const paymentStates = Object.keys(PAYMENT_NEXT) as PaymentState[];

/** Repeatable pseudo-random numbers (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("the order's table", () => {
  test("never leads backwards, whatever comes in whatever order", () => {
    const random = randomOf(20_261_123);
    const reached = new Set<OrderState>();
    for (let run = 0; run < 5_000; run++) {
      let state: OrderState = "pending";
      for (let step = 0; step < 12; step++) {
        const fact = ORDER_FACTS[Math.floor(random() * ORDER_FACTS.length)] ?? "ended";
        const next: OrderState | null = nextOrderState(state, fact);
        if (next === null) continue;
        expect(ORDER_RANK[next], `${state} + ${fact}`).toBeGreaterThanOrEqual(ORDER_RANK[state]);
        state = next;
        reached.add(state);
      }
    }
    expect(reached.size).toBe(orderStates.length - 1);
  });

  test("never sells what was given back for good, and never gives back what was sold", () => {
    for (const state of ["cancelled", "cancelled_paid", "late_paid", "refunded"] as const) {
      expect(nextOrderState(state, "confirmed")).toBeNull();
    }
    for (const state of ["paid", "partially_refunded", "refunded"] as const) {
      expect(nextOrderState(state, "released")).toBeNull();
      expect(nextOrderState(state, "ended")).toBeNull();
    }
  });

  test("gives the money back once: what is refunded takes no further fact", () => {
    expect(ORDER_FACTS.map((fact) => nextOrderState("refunded", fact))).toEqual(ORDER_FACTS.map(() => null));
  });
});

describe("the wire", () => {
  test("knows documented states only, and an order that was not paid in time is expired at its very end", () => {
    for (const state of orderStates) expect(ORDER_STATUSES).toContain(orderStatus(state, 10, 5));
    expect([9, 10, 11].map((nowMs) => orderStatus("pending", 10, nowMs))).toEqual(["pending", "expired", "expired"]);
    expect([9, 10].map((nowMs) => orderStatus("expired", 10, nowMs))).toEqual(["pending", "expired"]);
    expect(orderStatus("paid", 10, 11)).toBe("paid");
    expect(orderStatus("late_paid", 10, 11)).toBe("expired");
    expect(orderStatus("cancelled_paid", 10, 5)).toBe("cancelled");
  });
});

describe("the payment's table", () => {
  test("never leads backwards, and money is money whenever it comes", () => {
    for (const state of paymentStates) {
      for (const fact of PAYMENT_FACTS) {
        const next = nextPaymentState(state, fact);
        // A second part of the money may go back.
        if (next !== null && next !== "partially_refunded")
          expect(PAYMENT_RANK[next], `${state} + ${fact}`).toBeGreaterThan(PAYMENT_RANK[state]);
        if (next === "partially_refunded") expect(["succeeded", "partially_refunded"]).toContain(state);
      }
      const taken = ["succeeded", "partially_refunded", "refunded"].includes(state);
      expect(nextPaymentState(state, "payment_succeeded")).toBe(taken ? null : "succeeded");
    }
  });
});
