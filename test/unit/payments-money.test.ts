import { describe, expect, test } from "vitest";
import { MAX_AMOUNT_MINOR } from "../../shared/contracts/money";
import { toOrder } from "../../workers/payments/order-views";
import type { LineRow, OrderRow } from "../../workers/payments/schema";
import { isTooMuch, sumOf } from "../../workers/payments/sums";

const order = (currency: string, totalMinor: number): OrderRow => ({
  id: "0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5e00",
  event_id: "e",
  organizer_id: "o",
  hold_id: "h",
  user_id: null,
  state: "pending",
  version: 1,
  token_version: 1,
  request_hash: "",
  currency,
  subtotal_minor: totalMinor,
  discount_minor: 0,
  fees_minor: 0,
  tax_minor: 0,
  total_minor: totalMinor,
  buyer_email: "ada@bilten.example",
  buyer_name: "Ada",
  attendees: "[]",
  placed_until_ms: 1,
  expires_at_ms: 1,
  created_at_ms: 0,
  updated_at_ms: 0,
  paid_at_ms: null,
  attempts: 0,
  next_try_at_ms: 0,
  language: null,
  api_key_id: null,
});

describe("the five sums", () => {
  test("are unit price times quantity over all lines, in whole minor units", () => {
    const lines = [
      { quantity: 3, unitPriceMinor: 1999 },
      { quantity: 1, unitPriceMinor: 0 },
      { quantity: 2, unitPriceMinor: 1 },
    ];
    expect(sumOf(lines)).toEqual({ subtotalMinor: 5999, discountMinor: 0, feesMinor: 0, taxMinor: 0, totalMinor: 5999 });
    expect(sumOf([])).toMatchObject({ totalMinor: 0 });
  });

  test("stay where a double counts exactly", () => {
    expect(isTooMuch(sumOf([{ quantity: 1, unitPriceMinor: MAX_AMOUNT_MINOR }]))).toBe(false);
    expect(isTooMuch(sumOf([{ quantity: 2, unitPriceMinor: MAX_AMOUNT_MINOR }]))).toBe(true);
  });

  // The exponent is the reader's: 1500 is 1,500 yen, 15 euros or 1.5 dinars, and nothing in between divides.
  test.each(["JPY", "EUR", "KWD"])("leave in %s as they stand in the row", (currency) => {
    const lines: LineRow[] = [
      { order_id: "", position: 0, ticket_type_id: "t", name: "One", quantity: 1, unit_price_minor: 1501, seats: null },
    ];
    const shown = toOrder(order(currency, 1501), lines, 0);
    for (const sum of [shown.subtotal, shown.total, shown.items[0]?.unitPrice]) expect(sum).toEqual({ amount: 1501, currency });
    for (const sum of [shown.discount, shown.fees, shown.tax]) expect(sum).toEqual({ amount: 0, currency });
  });
});
