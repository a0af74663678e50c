import { exponentOf, type Money } from "../contracts/money";

/** The amount as exact decimal text with the currency's own number of digits (ISO 4217): `{ 2500, "EUR" }` → `25.00`, JPY → `2500`. */
export function decimalOf({ amount, currency }: Money): string {
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(amount)).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  return `${amount < 0 ? "-" : ""}${whole}${exponent > 0 ? `.${digits.slice(-exponent)}` : ""}`;
}

/** As a person of that language reads it. ICU's own idea of a currency's digits differs from ISO's for some, so they are given. */
export function readableMoney(money: Money, locale: string): string {
  const digits = exponentOf(money.currency);
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // Decimal text is formatted exactly; the types know it as a template of a number only.
  return format.format(decimalOf(money) as Intl.StringNumericLiteral);
}

/** "€1,500", "€2.50": for the lines of a chart, where no digit stands that says nothing. */
export const readableRoundMoney = (money: Money, locale: string): string =>
  new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: exponentOf(money.currency),
    maximumFractionDigits: exponentOf(money.currency),
    trailingZeroDisplay: "stripIfInteger",
  }).format(decimalOf(money) as Intl.StringNumericLiteral);
