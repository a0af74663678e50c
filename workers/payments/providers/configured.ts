import type { ProviderName } from "../../../shared/contracts/orders";
import type { Env, Later } from "../environment";
import type { PaymentProvider } from "./provider";
import { stripeProvider } from "./stripe-provider";
import { testProvider } from "./test-provider";

/** Where nothing is delivered, only looked up or given back. */
export const NO_PORT = 0;

/** A secret or restricted key, of a sandbox or live. */
const STRIPE_KEY = /^[sr]k_(test|live)_\w+$/;
const STRIPE_WEBHOOK_SECRET = /^whsec_\S+$/;

/** Null for a provider that this deployment has no secrets for. `port` is the running server's, which only `test` wants to know. */
export function providerOf(env: Env, later: Later, name: ProviderName, port: number): PaymentProvider | null {
  const isDevelopment = env.ENVIRONMENT === "development";
  if (name === "test" && isDevelopment && env.TEST_PROVIDER_SECRET)
    return testProvider(env, later, env.TEST_PROVIDER_SECRET, port);
  const { STRIPE_SECRET_KEY: secretKey = "", STRIPE_WEBHOOK_SECRET: webhookSecret = "" } = env;
  if (name === "stripe" && STRIPE_KEY.test(secretKey)) {
    return stripeProvider(env, {
      secretKey,
      webhookSecret: STRIPE_WEBHOOK_SECRET.test(webhookSecret) ? webhookSecret : "",
      // Anywhere else a key goes to Stripe and to nobody.
      apiBase: (isDevelopment && env.STRIPE_API_BASE) || undefined,
    });
  }
  return null;
}
