/** Refunds at Stripe. Its idempotency keys end after a day and repeat its own failures until then, so that refunds are looked for first. */
import type Stripe from "stripe";
import type { RefundIntent, RefundOutcome } from "./provider";
import { toStripeAmount } from "./stripe-amounts";
import { ask, isReplay, isStoredFailure, refusalOf, type StripeAccount } from "./stripe-client";

const PAGE = 100;
const MAX_PAGES = 10;
/** A key whose first answer was Stripe's own failure is of no more use. */
const MAX_SPARE_KEYS = 3;

export async function giveBack(account: StripeAccount, refund: RefundIntent): Promise<RefundOutcome> {
  const standing = await findMade(account, refund);
  if (standing) return outcomeOf(standing);
  const amount = toStripeAmount(refund.amountMinor, refund.currency);
  if (amount === null) return { status: "failed", reference: null, failureCode: "amount_not_payable" };
  const params: Stripe.RefundCreateParams = {
    payment_intent: intentIdOf(refund),
    amount,
    metadata: { refund_id: refund.refundId, generation: String(refund.generation), payment_id: refund.paymentId },
  };
  for (let spare = 0; spare <= MAX_SPARE_KEYS; spare++) {
    try {
      const made = await ask(account, "POST refunds", () =>
        account.sdk.refunds.create(params, { idempotencyKey: keyOf(refund, spare) }),
      );
      return outcomeOf(isReplay(made) ? ((await findMade(account, refund)) ?? made) : made);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return { status: "failed", reference: null, failureCode: refusal.code ?? "refused_by_provider" };
      if (!isStoredFailure(error)) throw error;
      // It broke off, before or after the refund was made; the list knows which.
      const made = await findMade(account, refund);
      if (made) return outcomeOf(made);
    }
  }
  throw new Error("Stripe fails at a refund again and again");
}

function keyOf({ refundId, generation }: RefundIntent, spare: number): string {
  const key = generation === 0 ? refundId : `${refundId}_${generation}`;
  return spare === 0 ? key : `${key}_again${spare}`;
}

function intentIdOf({ paymentReference }: RefundIntent): string {
  if (paymentReference === null) throw new Error("money is to go back to a payment that Stripe has never named");
  return paymentReference;
}

/** Null where this generation of the refund is not there. The list tells at once what was made. */
async function findMade(account: StripeAccount, refund: RefundIntent): Promise<Stripe.Refund | null> {
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await ask(account, "GET refunds", () =>
      account.sdk.refunds.list({
        payment_intent: intentIdOf(refund),
        limit: PAGE,
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    const found = page.data.find(({ metadata }) => isThis(refund, metadata));
    if (found) return found;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return null;
  }
  throw new Error("a payment has more refunds than can be looked through");
}

const isThis = ({ refundId, generation }: RefundIntent, metadata: Stripe.Metadata | null): boolean =>
  metadata?.refund_id === refundId && metadata.generation === String(generation);

function outcomeOf(refund: Stripe.Refund): RefundOutcome {
  const reference = refund.id;
  if (typeof reference !== "string") throw new Error("Stripe answered with something else than a refund");
  switch (refund.status) {
    case "succeeded":
      return { status: "succeeded", reference };
    case "pending":
    case "requires_action":
      return { status: "pending", reference };
    case "failed":
    case "canceled":
      return { status: "failed", reference, failureCode: refund.failure_reason ?? refund.status };
    default:
      throw new Error(`Stripe has a refund in an unknown state: ${refund.status}`);
  }
}
