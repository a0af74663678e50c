/** What a refund may become, as a table (rule 17). A fact that a state does not name changes nothing. */

export type RefundState =
  /** The row stands; the provider has not said its last word. */
  | "pending"
  | "succeeded"
  /** The provider refused; it is asked anew, with growing pauses, because the money is still owed. */
  | "failed";

/** What a provider says of a refund. */
export type RefundFact = "refund_pending" | "refund_succeeded" | "refund_failed";

export const isRefundFact = (fact: string): fact is RefundFact => fact.startsWith("refund_");

/**
 * Money that left may come back (a closed account): then it is owed again, and only then does a refund leave `succeeded`. Each refusal
 * begins a new generation, and the words of an earlier one count no more.
 */
export const REFUND_NEXT = {
  pending: { refund_succeeded: "succeeded", refund_failed: "failed" },
  failed: { refund_pending: "pending", refund_succeeded: "succeeded", refund_failed: "failed" },
  succeeded: { refund_failed: "failed" },
} as const satisfies Record<RefundState, Partial<Record<RefundFact, RefundState>>>;

export const nextRefundState = (state: RefundState, fact: RefundFact): RefundState | null =>
  (REFUND_NEXT[state] as Partial<Record<RefundFact, RefundState>>)[fact] ?? null;
