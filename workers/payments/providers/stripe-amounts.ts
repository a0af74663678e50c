/**
 * Between ISO 4217's minor units, which Bilten counts in, and Stripe's (docs.stripe.com/currencies): most are the same, and the others
 * are off by a factor of 100 or by a digit that must be 0.
 */
import { exponentOf } from "../../../shared/contracts/money";

/** "Zero-decimal currencies" at Stripe. */
const ZERO_DECIMALS = new Set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "));
/** Without decimals in ISO 4217, and for the sake of old integrations with two at Stripe, which must be 00. */
const ZERO_AS_TWO_DECIMALS = new Set(["ISK", "UGX"]);
/** With three decimals at Stripe, of which the last must be 0: its partners know only two. */
const THREE_DECIMALS = new Set(["BHD", "JOD", "KWD", "OMR", "TND"]);

const MAX_DIGITS = 8;
const MAX_DIGITS_OF: Record<string, number> = { IDR: 12 };

function exponentAtStripe(currency: string): number | null {
  if (ZERO_DECIMALS.has(currency)) return 0;
  if (THREE_DECIMALS.has(currency)) return 3;
  if (ZERO_AS_TWO_DECIMALS.has(currency) || exponentOf(currency) === 2) return 2;
  // A currency that Stripe does not know, so that nobody can say how it would count.
  return null;
}

/** Stripe's integer for an amount; null where it has none that is exactly as much. */
export function toStripeAmount(amountMinor: number, currency: string): number | null {
  const exponent = exponentAtStripe(currency);
  if (exponent === null || !Number.isSafeInteger(amountMinor) || amountMinor <= 0) return null;
  const shift = exponent - exponentOf(currency);
  const amount = shift < 0 ? amountMinor / 10 ** -shift : amountMinor * 10 ** shift;
  if (!Number.isSafeInteger(amount)) return null;
  if (exponent === 3 && amount % 10 !== 0) return null;
  return amount < 10 ** (MAX_DIGITS_OF[currency] ?? MAX_DIGITS) ? amount : null;
}

/** Stripe writes currencies in lower case. */
export const toStripeCurrency = (currency: string): string => currency.toLowerCase();
