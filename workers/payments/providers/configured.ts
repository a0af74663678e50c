import type { ProviderName } from "../../../shared/contracts/orders";
import type { Env, Later } from "../environment";
import type { PaymentProvider } from "./provider";
import { testProvider } from "./test-provider";

/** Where nothing is delivered, only looked up or given back. */
export const NO_PORT = 0;

/** Null for a provider that this deployment has no secrets for. `port` is the running server's, which only `test` wants to know. */
export function providerOf(env: Env, later: Later, name: ProviderName, port: number): PaymentProvider | null {
  if (name === "test" && env.ENVIRONMENT === "development" && env.TEST_PROVIDER_SECRET)
    return testProvider(env, later, env.TEST_PROVIDER_SECRET, port);
  return null;
}
