import { describe, expect, it } from "vitest";
import { toStripeAmount } from "../../workers/payments/providers/stripe-amounts";

const PAYABLE: [string, number, number][] = [
  ["EUR", 2500, 2500],
  ["JPY", 2500, 2500],
  ["KRW", 50_000, 50_000],
  ["KWD", 5120, 5120],
  ["BHD", 10, 10],
  // Without decimals in ISO 4217, with two at Stripe.
  ["ISK", 5, 500],
  ["UGX", 3000, 300_000],
  // With two decimals in ISO 4217, without at Stripe.
  ["MGA", 500_000, 5000],
  // Two decimals where money comes in, whatever payouts do.
  ["HUF", 1045, 1045],
  ["TWD", 80_045, 80_045],
  ["USD", 99_999_999, 99_999_999],
  ["IDR", 999_999_999_999, 999_999_999_999],
];

const UNPAYABLE: [string, number, string][] = [
  ["KWD", 5124, "its third decimal is not 0"],
  ["MGA", 50_050, "it has a fraction"],
  ["USD", 100_000_000, "nine digits"],
  ["ISK", 1_000_000, "nine digits once it has decimals"],
  ["JPY", 100_000_000, "nine digits"],
  ["IDR", 1_000_000_000_000, "thirteen digits"],
  ["IQD", 5000, "a currency that Stripe does not count"],
  ["CLF", 10_000, "four decimals"],
  ["EUR", 0, "nothing"],
  ["EUR", 2.5, "no integer"],
];

describe("an amount in Stripe's units", () => {
  it.each(PAYABLE)("of %s %d is %d", (currency, amountMinor, amount) => {
    expect(toStripeAmount(amountMinor, currency)).toBe(amount);
  });

  it.each(UNPAYABLE)("of %s %d there is none: %s", (currency, amountMinor) => {
    expect(toStripeAmount(amountMinor, currency)).toBeNull();
  });
});
