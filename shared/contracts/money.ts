import { z } from "zod";

/**
 * ISO 4217 (2026-01-01) minor-unit exponents that differ from 2. Codes without an exponent there (gold, test codes) are no money.
 */
const EXPONENTS: Record<string, number> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** Active ISO 4217 currencies with two decimals. */
const TWO_DECIMALS =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

const CURRENCIES = new Set([...Object.keys(EXPONENTS), ...TWO_DECIMALS.split(" ")]);

/** Digits behind the point of a currency's minor unit: JPY 0, EUR 2, KWD 3. */
export const exponentOf = (currency: string): number => EXPONENTS[currency] ?? 2;

/** The largest amount that is accepted from outside, in minor units: far above any ticket, far below what a double counts exactly. */
export const MAX_AMOUNT_MINOR = 1_000_000_000_000;

export const Currency = z
  .string()
  .refine((code) => CURRENCIES.has(code), "an ISO 4217 currency code in capitals")
  .meta({ description: "ISO 4217 code", example: "EUR" });

export const Money = z
  .strictObject({
    amount: z
      .int()
      .min(0)
      .max(MAX_AMOUNT_MINOR)
      .meta({ description: "In the currency's minor unit (JPY 0, EUR 2, KWD 3 digits)" }),
    currency: Currency,
  })
  .meta({ id: "Money", example: { amount: 2500, currency: "EUR" } });
export type Money = z.infer<typeof Money>;

export const money = (amountMinor: number, currency: string): Money => ({ amount: amountMinor, currency });
