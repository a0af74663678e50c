/** The provider `stripe`: PaymentIntents with whatever methods the account has switched on (docs.stripe.com/api). */
import Stripe from "stripe";
import { z } from "zod";
import { ok, refuse } from "../../../shared/contracts/result";
import type { Env } from "../environment";
import type { PaymentIntent, PaymentProvider, ProviderOutcome } from "./provider";
import { toStripeAmount } from "./stripe-amounts";
import { type StripeAccount, stripeOf, takePlace } from "./stripe-client";
import { cancelIntent, createIntent, findIntent, fingerprintOf, outcomeOf, retrieve } from "./stripe-intents";
import { giveBack } from "./stripe-refunds";
import { wordOf } from "./stripe-words";

/** A card's holder has this long to type it and to prove himself (rule 13). */
const PAYABLE_FOR_MS = 30 * 60_000;
const MAX_EVENT_ID = 200;

const Token = z.string().regex(/^pm_\w{1,100}$/);
const subtleCrypto = Stripe.createSubtleCryptoProvider();

export interface StripeSecrets {
  secretKey: string;
  /** Empty: no webhook is believed. */
  webhookSecret: string;
  /** Development's alone: where the double listens. */
  apiBase: string | undefined;
}

export function stripeProvider(env: Env, { secretKey, webhookSecret, apiBase }: StripeSecrets): PaymentProvider {
  const account: StripeAccount = { env, sdk: stripeOf(secretKey, apiBase), secretKey };
  return {
    name: "stripe",
    payableForMs: PAYABLE_FOR_MS,
    readMethod(method) {
      if (method?.token === undefined) return ok({});
      const token = Token.safeParse(method.token);
      if (token.success) return ok({ token: token.data });
      return refuse({
        code: "invalid_body",
        errors: [{ pointer: "/paymentMethod/token", message: "the id of a Stripe PaymentMethod, pm_…" }],
      });
    },
    checkAmount(amountMinor, currency) {
      if (toStripeAmount(amountMinor, currency) !== null) return null;
      return { code: "amount_not_payable", detail: "Stripe has no such amount of this currency." };
    },
    takeTurn: (withinMs) => takePlace(account, "POST payment_intents", withinMs),
    createPayment: (intent) => createIntent(account, intent),
    async verifyWebhook(body, headers, nowMs) {
      const event = await verified(account, webhookSecret, body, headers, nowMs);
      return event ? ok({ eventId: event.id, type: event.type, word: wordOf(event) }) : refuse({ code: "invalid_signature" });
    },
    weigh: (body, intent) => weigh(account, body, intent),
    async lookUp(intent) {
      const found = await findIntent(account, intent);
      return found && outcomeOf(found, intent);
    },
    fingerprintOf: (intent) => fingerprintOf(account, intent),
    cancelPayment: (intent) => cancelIntent(account, intent),
    refundPayment: (refund) => giveBack(account, refund),
  };
}

/** Null for whatever Stripe did not sign with our secret, or not lately, or not as an event. */
async function verified(
  { sdk }: StripeAccount,
  webhookSecret: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Headers,
  nowMs: number,
): Promise<Stripe.Event | null> {
  const signature = headers.get("stripe-signature");
  if (webhookSecret === "" || signature === null) return null;
  try {
    const text = new TextDecoder().decode(body);
    const event = await sdk.webhooks.constructEventAsync(text, signature, webhookSecret, undefined, subtleCrypto, nowMs);
    const isEvent = typeof event.id === "string" && event.id.length <= MAX_EVENT_ID && typeof event.type === "string";
    return isEvent && typeof event.data?.object === "object" ? event : null;
  } catch {
    // What the SDK cannot read is a stranger's, whatever it stumbled over.
    return null;
  }
}

/** A success is final. Of anything else only Stripe knows whether it still holds: events come late and in any order. */
async function weigh(account: StripeAccount, body: string, intent: PaymentIntent): Promise<ProviderOutcome | null> {
  // Stored after its signature was verified.
  const { type, data } = JSON.parse(body) as Stripe.Event;
  const named = data.object as Stripe.PaymentIntent;
  if (type === "payment_intent.succeeded") return outcomeOf(named, intent);
  // The word of another intent says nothing of the one that counts.
  if (intent.reference !== null && named.id !== intent.reference) return null;
  return outcomeOf(await retrieve(account, named.id), intent);
}
