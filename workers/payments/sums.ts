import type { HeldLine } from "../../shared/contracts/inventory";
import { MAX_AMOUNT_MINOR } from "../../shared/contracts/money";

export interface Sums {
  subtotalMinor: number;
  discountMinor: number;
  feesMinor: number;
  taxMinor: number;
  totalMinor: number;
}

/** Whole minor units all the way, whatever the currency's exponent. There are no vouchers, fees or taxes yet (API.md's defaults). */
export function sumOf(lines: readonly Pick<HeldLine, "quantity" | "unitPriceMinor">[]): Sums {
  const subtotalMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  return { subtotalMinor, discountMinor: 0, feesMinor: 0, taxMinor: 0, totalMinor: subtotalMinor };
}

/** Beyond this, sums of sums would leave what a double counts exactly. */
export const isTooMuch = (sums: Sums): boolean => sums.totalMinor > MAX_AMOUNT_MINOR;
