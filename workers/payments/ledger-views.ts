/** The ledger as the wire has it. */
import { z } from "zod";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import { Currency } from "../../shared/contracts/money";
import { PROVIDERS } from "../../shared/contracts/orders";
import { listQuery } from "../../shared/http/list";
import { LEDGER_ACCOUNTS, LEDGER_FACTS, type LedgerFact } from "./ledger-facts";
import type { ledgerEntries, ledgerTransactions } from "./schema";

/** Money with a side: debits are positive, credits negative. */
export const SignedMoney = z
  .object({
    amount: z.int().meta({ description: "In the currency's minor unit; debits are positive, credits negative" }),
    currency: Currency,
  })
  .meta({ id: "SignedMoney", example: { amount: -2500, currency: "EUR" } });
export type SignedMoney = z.infer<typeof SignedMoney>;

const Account = z.enum(LEDGER_ACCOUNTS);
// The keys are the facts; Object.keys only forgets it.
const Fact = z.enum(Object.keys(LEDGER_FACTS) as [LedgerFact, ...LedgerFact[]]);

export const LedgerTransaction = z
  .object({
    id: Id,
    fact: Fact,
    eventId: Id,
    orderId: Id,
    paymentId: Id,
    refundId: Id.optional(),
    provider: z.enum(PROVIDERS),
    postedAt: Timestamp,
    entries: z.array(z.object({ account: Account, amount: SignedMoney })),
  })
  .meta({ id: "LedgerTransaction" });
export type LedgerTransaction = z.infer<typeof LedgerTransaction>;

/** What of the ledger does not agree with the payments and refunds that it is about. */
export const LedgerDifference = z
  .object({
    what: z.enum(["provider_clearing", "buyer_refunds", "sales", "sum"]).meta({
      description: "`sales`: organizer, tax and platform together. `sum`: all accounts, which is zero.",
    }),
    ledger: SignedMoney,
    records: SignedMoney,
  })
  .meta({ id: "LedgerDifference" });
export type LedgerDifference = z.infer<typeof LedgerDifference>;

export const LedgerSummary = z
  .object({
    balances: z.array(z.object({ account: Account, amount: SignedMoney })),
    agrees: z.boolean().meta({ description: "Whether all of it agrees with the payments and refunds, read at the same moment" }),
    differences: z.array(LedgerDifference),
  })
  .meta({ id: "LedgerSummary" });
export type LedgerSummary = z.infer<typeof LedgerSummary>;

export const LedgerPage = z.object({
  data: z.array(LedgerTransaction),
  nextCursor: z.string().nullable(),
  summary: LedgerSummary.optional().meta({ description: "Of the organizer's whole ledger; on the first page only" }),
});
export type LedgerPage = z.infer<typeof LedgerPage>;

export const LedgerQuery = z.object({
  ...listQuery,
  organizerId: Id,
  orderId: Id.optional(),
  from: Timestamp.optional().meta({ description: "Posted at this moment or later" }),
  to: Timestamp.optional().meta({ description: "Posted before this moment" }),
});
export type LedgerQuery = z.infer<typeof LedgerQuery>;

type TransactionRow = typeof ledgerTransactions.$inferSelect;
type EntryRow = typeof ledgerEntries.$inferSelect;

export function toLedgerTransaction(row: TransactionRow, entries: readonly EntryRow[]): LedgerTransaction {
  return {
    id: row.id,
    fact: row.fact,
    eventId: row.event_id,
    orderId: row.order_id,
    paymentId: row.payment_id,
    ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    // Written from the contract's names, by us alone.
    provider: row.provider as LedgerTransaction["provider"],
    postedAt: toTimestamp(row.posted_at_ms),
    entries: entries.map(({ account, amount_minor, currency }) => ({ account, amount: { amount: amount_minor, currency } })),
  };
}
