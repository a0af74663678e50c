/**
 * The double-entry ledger's plan: which fact moves what between which accounts (rule 16). Debits are positive, credits negative, and
 * the entries of a fact sum to zero in its one currency; the database refuses what does not (`ledger_unbalanced`).
 */

/**
 * `provider_clearing` money at the payment provider (asset) · `organizer_payable` what the organizer is owed · `tax_payable` what the
 * authorities are · `platform_revenue` the fees that buyers paid · `buyer_refunds` what buyers are owed back and do not have yet.
 */
export const LEDGER_ACCOUNTS = [
  "provider_clearing",
  "organizer_payable",
  "tax_payable",
  "platform_revenue",
  "buyer_refunds",
] as const;
export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number];

/** The parts of an amount, in minor units. `net` is subtotal less discount; the whole is the sum of the three. */
export interface Parts {
  net: number;
  tax: number;
  fees: number;
}

type Take = (parts: Parts) => number;
const net: Take = (parts) => parts.net;
const tax: Take = (parts) => parts.tax;
const fees: Take = (parts) => parts.fees;
const goods: Take = (parts) => parts.net + parts.tax;
const whole: Take = (parts) => parts.net + parts.tax + parts.fees;
const minus =
  (take: Take): Take =>
  (parts) =>
    -take(parts);

/**
 * A sale, and beside it the buyer's fee · money that bought nothing (late, after a cancellation, a second time): owed back at once · a
 * refund when it is decided · any refund, late ones too, when the provider has paid it · and when the money came back after all.
 */
export const LEDGER_FACTS = {
  sale: [
    ["provider_clearing", goods],
    ["organizer_payable", minus(net)],
    ["tax_payable", minus(tax)],
  ],
  fee: [
    ["provider_clearing", fees],
    ["platform_revenue", minus(fees)],
  ],
  late_payment: [
    ["provider_clearing", whole],
    ["buyer_refunds", minus(whole)],
  ],
  refund: [
    ["organizer_payable", net],
    ["tax_payable", tax],
    ["platform_revenue", fees],
    ["buyer_refunds", minus(whole)],
  ],
  refund_paid: [
    ["buyer_refunds", whole],
    ["provider_clearing", minus(whole)],
  ],
  refund_returned: [
    ["provider_clearing", whole],
    ["buyer_refunds", minus(whole)],
  ],
} as const satisfies Record<string, readonly (readonly [LedgerAccount, Take])[]>;
export type LedgerFact = keyof typeof LEDGER_FACTS;

export interface LedgerEntry {
  account: LedgerAccount;
  amountMinor: number;
}

/** A fact's entries, without those of zero; none at all where nothing moves. */
export const entriesOf = (fact: LedgerFact, parts: Parts): LedgerEntry[] =>
  LEDGER_FACTS[fact]
    .map(([account, take]) => ({ account, amountMinor: take(parts) }))
    .filter(({ amountMinor }) => amountMinor !== 0);

/** What one order's money consists of. */
export const partsOfOrder = (order: {
  subtotal_minor: number;
  discount_minor: number;
  tax_minor: number;
  fees_minor: number;
}): Parts => ({
  net: order.subtotal_minor - order.discount_minor,
  tax: order.tax_minor,
  fees: order.fees_minor,
});

/**
 * The parts of `amountMinor` out of an order from which `beforeMinor` has been given back already. Each is what all that is then given
 * back takes of it, less what was taken before: tax in proportion, fees in proportion of what tax leaves, both rounded down. So no part
 * ever gives more than there is of it, and the last refund leaves nothing behind on any account.
 */
export function partsOfRefund(order: Parts, beforeMinor: number, amountMinor: number): Parts {
  const before = partsUpTo(order, beforeMinor);
  const after = partsUpTo(order, beforeMinor + amountMinor);
  return { net: after.net - before.net, tax: after.tax - before.tax, fees: after.fees - before.fees };
}

function partsUpTo(order: Parts, givenMinor: number): Parts {
  const tax = proportion(order.tax, givenMinor, whole(order));
  const rest = givenMinor - tax;
  const ofFees = proportion(order.fees, rest, order.net + order.fees);
  return { net: rest - ofFees, tax, fees: ofFees };
}

const proportion = (part: number, given: number, total: number): number =>
  total === 0 ? 0 : Number((BigInt(part) * BigInt(given)) / BigInt(total));
