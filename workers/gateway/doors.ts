import type { Domain, DomainRpc } from "../../shared/contracts/domain";

/** Every domain's RPC door, by the name that `/health` shows. */
export const doorsOf = (env: GatewayEnv): Record<Domain, Pick<DomainRpc, "ping" | "openapi" | "sweep">> => ({
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
