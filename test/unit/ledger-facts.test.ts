import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  entriesOf,
  LEDGER_FACTS,
  type LedgerAccount,
  type LedgerFact,
  type Parts,
  partsOfRefund,
} from "../../workers/payments/ledger-facts";

const MAX_MINOR = 1_000_000_000_000;
const minor = fc.integer({ min: 0, max: MAX_MINOR });
const parts: fc.Arbitrary<Parts> = fc.record({ net: minor, tax: minor, fees: minor });
const wholeOf = ({ net, tax, fees }: Parts): number => net + tax + fees;
// The keys are the facts; Object.keys only forgets it.
const FACTS = Object.keys(LEDGER_FACTS) as LedgerFact[];

function balancesOf(postings: readonly [LedgerFact, Parts][]): Record<LedgerAccount, number> {
  const balances = { provider_clearing: 0, organizer_payable: 0, tax_payable: 0, platform_revenue: 0, buyer_refunds: 0 };
  for (const [fact, some] of postings)
    for (const { account, amountMinor } of entriesOf(fact, some)) balances[account] += amountMinor;
  return balances;
}

const NOTHING = { provider_clearing: 0, organizer_payable: 0, tax_payable: 0, platform_revenue: 0, buyer_refunds: 0 };

describe("the entries of each fact", () => {
  test.each(FACTS)("%s sum to zero, and none is zero, whatever the parts", (fact) => {
    fc.assert(
      fc.property(parts, (some) => {
        const entries = entriesOf(fact, some);
        expect(entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(0);
        expect(entries.every(({ amountMinor }) => amountMinor !== 0 && Number.isSafeInteger(amountMinor))).toBe(true);
      }),
    );
  });

  test("put a sale's money where it belongs", () => {
    expect(balancesOf(["sale", "fee"].map((fact) => [fact as LedgerFact, { net: 10_000, tax: 2_000, fees: 500 }]))).toEqual({
      provider_clearing: 12_500,
      organizer_payable: -10_000,
      tax_payable: -2_000,
      platform_revenue: -500,
      buyer_refunds: 0,
    });
    expect(entriesOf("fee", { net: 10_000, tax: 0, fees: 0 })).toEqual([]);
  });

  test("owe late money to its buyer until it is back, and again when it came back", () => {
    const some = { net: 700, tax: 0, fees: 0 };
    expect(balancesOf([["late_payment", some]])).toEqual({ ...NOTHING, provider_clearing: 700, buyer_refunds: -700 });
    const paid: [LedgerFact, Parts][] = [
      ["late_payment", some],
      ["refund_paid", some],
    ];
    expect(balancesOf(paid)).toEqual(NOTHING);
    expect(balancesOf([...paid, ["refund_returned", some]]).buyer_refunds).toBe(-700);
  });
});

describe("refunds in parts", () => {
  const order = parts.filter((some) => wholeOf(some) > 0);

  test("leave nothing behind on any account, however the money is cut", () => {
    fc.assert(
      fc.property(order, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (bought, cuts) => {
        const total = wholeOf(bought);
        const ends = [...new Set([...cuts.map((cut) => Math.floor(cut * total)), total])]
          .filter((end) => end > 0)
          .sort((a, b) => a - b);
        const postings: [LedgerFact, Parts][] = [
          ["sale", bought],
          ["fee", bought],
        ];
        let before = 0;
        for (const end of ends) {
          const some = partsOfRefund(bought, before, end - before);
          expect(wholeOf(some)).toBe(end - before);
          // Nothing is taken from where it did not come from, and nothing given back has to be taken again.
          expect(Math.min(some.net, some.tax, some.fees)).toBeGreaterThanOrEqual(0);
          postings.push(["refund", some], ["refund_paid", some]);
          before = end;
          const { organizer_payable, tax_payable, platform_revenue } = balancesOf(postings);
          expect(Math.max(organizer_payable, tax_payable, platform_revenue)).toBeLessThanOrEqual(0);
        }
        expect(balancesOf(postings)).toEqual(NOTHING);
      }),
      { numRuns: 2_000 },
    );
  });

  test("cut a yen's tax once and not twice", () => {
    const bought = { net: 2, tax: 1, fees: 0 };
    expect([0, 1, 2].map((before) => partsOfRefund(bought, before, 1))).toEqual([
      { net: 1, tax: 0, fees: 0 },
      { net: 1, tax: 0, fees: 0 },
      { net: 0, tax: 1, fees: 0 },
    ]);
  });
});
