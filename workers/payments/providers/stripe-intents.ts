/** Stripe's PaymentIntents: one a payment of ours, made when the buyer pays. */
import type Stripe from "stripe";
import type { NextAction } from "../../../shared/contracts/orders";
import { SUPERSEDED } from "../order-states";
import type { PaymentIntent, ProviderOutcome } from "./provider";
import { toStripeAmount, toStripeCurrency } from "./stripe-amounts";
import { ask, isReplay, refusalOf, type StripeAccount } from "./stripe-client";

/** Search knows an intent after a minute, or an hour on a bad day; the list knows at once. */
const PAGE = 100;
const MAX_PAGES = 40;
/** When an intent may have been made, beside the moment at which it was asked for: clocks differ, and a call is tried again. */
const EARLIER_S = 10;
const LATER_S = 120;

export async function createIntent(account: StripeAccount, intent: PaymentIntent): Promise<ProviderOutcome> {
  try {
    const made = await ask(
      account,
      "POST payment_intents",
      () => account.sdk.paymentIntents.create(paramsOf(intent), { idempotencyKey: `payment_${intent.paymentId}` }),
      true,
    );
    // What was answered first may be old by now.
    return outcomeOf(isReplay(made) ? await retrieve(account, made.id) : made, intent);
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    // A declined card leaves an intent behind.
    const left = refusal.payment_intent;
    return { status: "failed", reference: left?.id ?? null, failureCode: codeOf(refusal) };
  }
}

function paramsOf({
  paymentId,
  orderId,
  amountMinor,
  currency,
  method,
  returnUrl,
}: PaymentIntent): Stripe.PaymentIntentCreateParams {
  const amount = toStripeAmount(amountMinor, currency);
  if (amount === null) throw new Error("an amount that Stripe cannot take was not refused");
  const asked = {
    amount,
    currency: toStripeCurrency(currency),
    // Ids alone: whose they are stands with us.
    metadata: { payment_id: paymentId, order_id: orderId },
  };
  // Without a method it is chosen in the buyer's browser, which also says where to come back to.
  if (method.token === undefined) return { ...asked, automatic_payment_methods: { enabled: true } };
  return {
    ...asked,
    automatic_payment_methods: { enabled: true, allow_redirects: returnUrl === null ? "never" : "always" },
    payment_method: method.token,
    confirm: true,
    ...(returnUrl === null ? {} : { return_url: returnUrl }),
  };
}

export const retrieve = (account: StripeAccount, id: string): Promise<Stripe.PaymentIntent> =>
  ask(account, "GET payment_intents/:id", () => account.sdk.paymentIntents.retrieve(id));

/** Stripe's own name of a card or an account, the same over all payments of one Stripe account; an event's intent has no charge in it. */
export async function fingerprintOf(account: StripeAccount, { reference }: PaymentIntent): Promise<string | null> {
  if (reference === null) throw new Error("Stripe is asked what was paid with before it has said of which payment");
  const { latest_charge: charge } = await ask(account, "GET payment_intents/:id", () =>
    account.sdk.paymentIntents.retrieve(reference, { expand: ["latest_charge"] }),
  );
  const means = typeof charge === "object" ? charge?.payment_method_details : null;
  return means?.card?.fingerprint ?? means?.sepa_debit?.fingerprint ?? means?.us_bank_account?.fingerprint ?? null;
}

/** Null only where it is not there for certain. */
export async function findIntent(account: StripeAccount, intent: PaymentIntent): Promise<Stripe.PaymentIntent | null> {
  if (intent.reference !== null) return retrieve(account, intent.reference);
  if (intent.askedAtMs === null) return null;
  const id = await searchFor(account, intent.paymentId);
  // The search's copy may be as old as its index.
  return id === null ? findInList(account, intent.paymentId, intent.askedAtMs) : retrieve(account, id);
}

async function searchFor(account: StripeAccount, paymentId: string): Promise<string | null> {
  const query = `metadata["payment_id"]:"${paymentId}"`;
  try {
    const found = await ask(account, "GET payment_intents/search", () => account.sdk.paymentIntents.search({ query }));
    return found.data[0]?.id ?? null;
  } catch (error) {
    // Not every country's accounts may search.
    if (refusalOf(error)) return null;
    throw error;
  }
}

async function findInList(account: StripeAccount, paymentId: string, askedAtMs: number): Promise<Stripe.PaymentIntent | null> {
  const askedAt = Math.floor(askedAtMs / 1_000);
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await ask(account, "GET payment_intents", () =>
      account.sdk.paymentIntents.list({
        created: { gte: askedAt - EARLIER_S, lte: askedAt + LATER_S },
        limit: PAGE,
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    const found = page.data.find(({ metadata }) => metadata.payment_id === paymentId);
    if (found) return found;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return null;
  }
  throw new Error("more payments at that time than can be looked through");
}

/** How it stands afterwards: the money may have come first. */
export async function cancelIntent(account: StripeAccount, intent: PaymentIntent): Promise<ProviderOutcome> {
  const standing = await findIntent(account, intent);
  if (!standing) return { status: "failed", reference: null, failureCode: SUPERSEDED };
  if (standing.status !== "succeeded" && standing.status !== "canceled") {
    try {
      await ask(account, "POST payment_intents/:id/cancel", () =>
        account.sdk.paymentIntents.cancel(standing.id, {}, { idempotencyKey: `cancel_${intent.paymentId}` }),
      );
      return { status: "failed", reference: standing.id, failureCode: SUPERSEDED };
    } catch (error) {
      if (!refusalOf(error)) throw error;
    }
  }
  return outcomeOf(await retrieve(account, standing.id), intent);
}

/** An exception where it is not what we asked for: another payment's, another sum, a state that we never ask for. */
export function outcomeOf(made: Stripe.PaymentIntent, intent: PaymentIntent): ProviderOutcome {
  if (typeof made.id !== "string" || made.metadata?.payment_id !== intent.paymentId)
    throw new Error("Stripe answered with something else than the payment that was asked for");
  const reference = made.id;
  switch (made.status) {
    case "succeeded":
      return received(made, intent);
    case "processing":
      return { status: "processing", reference };
    case "requires_action":
    case "requires_confirmation":
      return { status: "requires_action", reference, nextAction: actionOf(made, intent) };
    case "requires_payment_method":
      // A buyer who pays in his browser may try another card there, as long as no bank has kept him waiting in between.
      return intent.method.token === undefined && intent.state !== "processing"
        ? { status: "requires_action", reference, nextAction: actionOf(made, intent) }
        : { status: "failed", reference, failureCode: codeOf(made.last_payment_error) };
    case "canceled":
      return { status: "failed", reference, failureCode: "canceled" };
    default:
      throw new Error(`Stripe has a payment in a state that is never asked for: ${made.status}`);
  }
}

/** Money counts as ours only if it is all of it, in the order's currency. */
function received(made: Stripe.PaymentIntent, { amountMinor, currency, reference }: PaymentIntent): ProviderOutcome {
  if (made.amount_received !== toStripeAmount(amountMinor, currency) || made.currency !== toStripeCurrency(currency))
    throw new Error("Stripe has received another sum than the payment's");
  if (reference !== null && made.id !== reference)
    throw new Error("Stripe has received money for a second intent of the payment");
  return { status: "succeeded", reference: made.id };
}

function actionOf({ next_action, client_secret }: Stripe.PaymentIntent, { method }: PaymentIntent): NextAction {
  const url = method.token === undefined ? null : next_action?.redirect_to_url?.url;
  if (url) return { type: "redirect", url };
  if (client_secret === null) throw new Error("Stripe has kept a payment's client secret to itself");
  return { type: "client_secret", clientSecret: client_secret };
}

/** The bank's reason where it named one. */
const codeOf = (error: { decline_code?: string; code?: string } | null | undefined): string =>
  error?.decline_code ?? error?.code ?? "refused_by_provider";
