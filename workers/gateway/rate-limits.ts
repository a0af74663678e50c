import type { Principal } from "../../shared/contracts/principal";
import { networkOf } from "../../shared/http/network";
import type { Sender } from "./look-ups";
import { isReading } from "./methods";
import { MinuteCounts } from "./minute-counts";

/** Route classes with a limit of their own; the numbers stand in wrangler.toml, where the binding reads them, and here for the header. */
export type RouteClass = "auth" | "orders" | "forms" | "api";

interface Policy {
  limiter: RateLimit;
  perMinute: number;
}

/** The binding is static, so that each class has two (rule 26): tests run from one machine. test/house holds the numbers equal. */
export const PER_MINUTE = {
  production: { auth: 30, orders: 60, forms: 600, api: 600 },
  development: { auth: 100_000, orders: 1_000_000, forms: 10_000_000, api: 10_000_000 },
} as const;

function policyOf(routeClass: RouteClass, env: GatewayEnv): Policy {
  const development = env.ENVIRONMENT === "development";
  const perMinute = PER_MINUTE[development ? "development" : "production"][routeClass];
  switch (routeClass) {
    case "auth":
      return { limiter: development ? env.AUTH_LIMIT_DEV : env.AUTH_LIMIT, perMinute };
    case "orders":
      return { limiter: development ? env.ORDERS_LIMIT_DEV : env.ORDERS_LIMIT, perMinute };
    case "forms":
      return { limiter: development ? env.FORMS_LIMIT_DEV : env.FORMS_LIMIT, perMinute };
    default:
      return { limiter: development ? env.API_LIMIT_DEV : env.API_LIMIT, perMinute };
  }
}

export interface Allowance {
  allowed: boolean;
  /** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): quota and window in seconds; what is left is not known exactly. */
  policy: string;
}

/**
 * A caller whom this isolate alone has seen so rarely in the running minute is not counted anywhere: asking the binding for each of a
 * hundred thousand buyers, none of whom comes near the limit, would cost as much as answering them. The limit is approximate by nature
 * (each location counts for itself), so only the widest class does this.
 */
const SELDOM_SHARE = 0.05;
const seen = new MinuteCounts();

const isSeldom = (key: string, perMinute: number): boolean => seen.add(key, 1) <= perMinute * SELDOM_SHARE;

/**
 * What posts to `/auth` has mails sent and passwords compared for whoever is named. What only reads there, as each page does that asks
 * whose session it has, costs what reading does elsewhere, and must not use up the sign-ins of an office or a mobile network.
 */
const classOf = (routeClass: RouteClass, asked: { method: string }): RouteClass =>
  routeClass === "auth" && isReading(asked) ? "api" : routeClass;

export async function spend(
  destinationClass: RouteClass,
  principal: Principal,
  { address, method }: { address: string; method: string },
  env: GatewayEnv,
): Promise<Allowance> {
  const routeClass = classOf(destinationClass, { method });
  const { limiter, perMinute } = policyOf(routeClass, env);
  const network = `${routeClass}:address:${networkOf(address)}`;
  const user = principal.kind === "user" || principal.kind === "api_key" ? `${routeClass}:user:${principal.userId}` : null;
  const key = user ?? network;
  const mayOne = (routeClass === "api" && isSeldom(key, perMinute)) || (await limiter.limit({ key })).success;
  // Accounts are as many as somebody cares to make: there a signed-in caller counts for his network too, as one who is nobody does.
  const isOneOfMany = mayOne && user !== null && routeClass === "auth";
  const allowed = isOneOfMany ? (await limiter.limit({ key: network })).success : mayOne;
  return { allowed, policy: `"${routeClass}";q=${perMinute};w=60` };
}

/** Looking up whose host a name is costs a database, and names are free to make up: an address may ask as often as it may sign in. */
export async function mayLookUpHost(address: string, env: GatewayEnv): Promise<boolean> {
  const { success } = await policyOf("auth", env).limiter.limit({ key: `host:${networkOf(address)}` });
  return success;
}

/** The same of keys and cookies that turn out to be unknown, as wide as the widest limit: a browser may show one that has ended. */
export function senderOf(address: string, env: GatewayEnv): Sender {
  const network = () => networkOf(address);
  const charge = async () => (await policyOf("api", env).limiter.limit({ key: `credential:${network()}` })).success;
  return { network, charge };
}
