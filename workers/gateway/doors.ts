import type { Domain, DomainRpc } from "../../shared/contracts/domain";

/** What the gateway asks of every domain. A sweep's report comes back as whatever members that domain counts. */
interface Door extends Pick<DomainRpc, "ping" | "openapi"> {
  sweep(): Promise<object>;
}

/** Every domain's RPC door, by the name that `/health` shows. */
export const doorsOf = (env: GatewayEnv): Record<Domain, Door> => ({
  auth: env.AUTH,
  users: env.USERS,
  events: env.EVENTS,
  branding: env.BRANDING,
  payments: env.PAYMENTS,
  search: env.SEARCH,
  analytics: env.ANALYTICS,
  notifications: env.NOTIFICATIONS,
  sites: env.SITES,
});
