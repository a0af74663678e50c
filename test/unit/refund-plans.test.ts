import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRefund, type Refundable } from "../../workers/payments/refund-plans";

/** Tickets at these prices, sold for `total`, of which `refunded` is promised back already. */
function sale(
  prices: readonly number[],
  { total, refunded = 0, back = [] as string[] }: { total?: number; refunded?: number; back?: string[] } = {},
): Refundable {
  const subtotal = prices.reduce((sum, price) => sum + price, 0);
  return {
    payment: { state: "succeeded", amount_minor: total ?? subtotal, refunded_minor: refunded },
    order: { subtotal_minor: subtotal, total_minor: total ?? subtotal },
    lines: prices.map((price, index) => ({ ticket_type_id: `type-${index}`, unit_price_minor: price })),
    tickets: prices.map((_, index) => ({ id: `ticket-${index}`, ticketTypeId: `type-${index}` })),
    refundedIds: new Set(back),
  };
}

const plan = (wish: { amount?: number; tickets?: string[] }, standing: Refundable) => {
  const planned = planRefund({ amountMinor: wish.amount ?? null, ticketIds: wish.tickets ?? null }, standing);
  return planned.ok ? planned.value : planned.error.code;
};

describe("a refund", () => {
  test("of nothing in particular is all that is left, with every ticket that was not paid back", () => {
    expect(plan({}, sale([2500, 2500]))).toEqual({ amountMinor: 5000, voids: null, ticketIds: ["ticket-0", "ticket-1"] });
    const standing = sale([2500, 2500], { refunded: 2500, back: ["ticket-0"] });
    expect(plan({}, standing)).toEqual({ amountMinor: 2500, voids: null, ticketIds: ["ticket-1"] });
    expect(plan({}, sale([2500], { refunded: 2500 }))).toBe("refund_exceeds_payment");
  });

  test("of an amount voids no ticket, until it leaves nothing", () => {
    expect(plan({ amount: 4999 }, sale([2500, 2500]))).toEqual({ amountMinor: 4999, voids: [], ticketIds: [] });
    expect(plan({ amount: 5000 }, sale([2500, 2500]))).toMatchObject({ voids: null, ticketIds: ["ticket-0", "ticket-1"] });
    expect(plan({ amount: 5001 }, sale([2500, 2500]))).toBe("refund_exceeds_payment");
  });

  test("of tickets is their share of what was paid: with fees more than their price, with a discount less", () => {
    expect(plan({ tickets: ["ticket-0"] }, sale([2000, 3000], { total: 5500 }))).toMatchObject({ amountMinor: 2200 });
    expect(plan({ tickets: ["ticket-0"] }, sale([2000, 3000], { total: 4000 }))).toMatchObject({ amountMinor: 1600 });
  });

  test("of tickets for more than is left exceeds, and of a free one is nothing to refund", () => {
    expect(plan({ tickets: ["ticket-1"] }, sale([2500, 2500], { refunded: 2501 }))).toBe("refund_exceeds_payment");
    expect(plan({ tickets: ["ticket-0"] }, sale([0, 2500]))).toBe("payment_not_refundable");
    expect(plan({ tickets: ["ticket-0"], amount: 100 }, sale([0, 2500]))).toMatchObject({
      amountMinor: 100,
      voids: ["ticket-0"],
    });
  });

  test("of what is not the order's, or was paid back, or was never paid, is refused", () => {
    expect(plan({ tickets: ["another's"] }, sale([2500]))).toBe("ticket_not_of_order");
    expect(plan({ tickets: ["ticket-0"] }, sale([9, 9], { refunded: 9, back: ["ticket-0"] }))).toBe("refund_exceeds_payment");
    const unpaid = sale([2500]);
    for (const state of ["initiated", "requires_action", "processing", "failed"] as const)
      expect(plan({}, { ...unpaid, payment: { ...unpaid.payment, state } })).toBe("payment_not_refundable");
  });

  test("of one ticket after the other gives back exactly what was paid, in whichever order", () => {
    const prices = fc.array(fc.integer({ min: 1, max: 1_000_000_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(prices, fc.integer({ min: 50, max: 150 }), fc.infiniteStream(fc.nat()), (some, percent, picks) => {
        const subtotal = some.reduce((sum, price) => sum + price, 0);
        const total = Math.max(1, Math.floor((subtotal * percent) / 100));
        const left = some.map((_, index) => `ticket-${index}`);
        const back: string[] = [];
        let refunded = 0;
        while (left.length > 0) {
          const [ticket] = left.splice((picks.next().value ?? 0) % left.length, 1) as [string];
          const planned = planRefund({ amountMinor: null, ticketIds: [ticket] }, sale(some, { total, refunded, back }));
          // A ticket whose share rounds to nothing goes back with the last one.
          if (planned.ok) refunded += planned.value.amountMinor;
          if (planned.ok && planned.value.voids === null) expect(left).toEqual([]);
          back.push(ticket);
        }
        expect(refunded).toBe(total);
      }),
      { numRuns: 500 },
    );
  });
});
