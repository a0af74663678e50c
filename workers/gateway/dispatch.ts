import { IttyRouter } from "itty-router/IttyRouter";
import type { Principal } from "../../shared/contracts/principal";
import { problemResponse } from "../../shared/http/problem";
import { health } from "./health";
import { isReading, READING } from "./methods";
import { openapiDocument } from "./openapi";
import type { RouteClass } from "./rate-limits";
import { answered } from "./siblings";

/** Where a request goes: to a domain's fetch door, or to one of the gateway's own three answers. */
export interface Destination {
  routeClass: RouteClass;
  /** True for the gateway's own answers, which it finishes itself; a domain has finished its own. */
  own: boolean;
  /** False where everybody reads the same: whose session has ended reads it too, and a form there needs no page of ours. */
  takesCookie: boolean;
  answer: (request: Request, env: GatewayEnv, context: OwnContext) => Promise<Response>;
}

interface OwnContext {
  principal: Principal;
  requestId: string;
}

type DomainDoor = {
  [Name in keyof GatewayEnv]: Name extends `${string}_HTTP` ? Name : never;
}[keyof GatewayEnv];

const to = (door: DomainDoor, routeClass: RouteClass = "api", takesCookie = true): Destination => ({
  routeClass,
  own: false,
  takesCookie,
  answer: (request, env) => answered(env[door].fetch(request)),
});
const toAnybody = (door: DomainDoor): Destination => to(door, "api", false);

/** The gateway's own pages are public and are read; the order of checks is the domains'. */
const own = (page: (env: GatewayEnv) => Promise<Response>): Destination => ({
  routeClass: "api",
  own: true,
  takesCookie: false,
  answer: async (request, env, { principal, requestId }) => {
    if (!isReading(request)) return problemResponse({ code: "method_not_allowed" }, requestId, { allow: READING.join(", ") });
    return principal.kind === "refused" ? problemResponse({ code: principal.code }, requestId) : page(env);
  },
});

/** Prefix → door, the first that fits. Whether the path and method exist below it is the domain's word. */
const TABLE: readonly (readonly [string, Destination])[] = [
  ["/events/search", to("SEARCH_HTTP")],
  ["/events/*", to("EVENTS_HTTP")],
  ["/orders/*", to("PAYMENTS_HTTP", "orders")],
  ["/payments/webhooks/*", to("PAYMENTS_HTTP")],
  ["/payments/*", to("PAYMENTS_HTTP", "orders")],
  ["/payouts/*", to("PAYMENTS_HTTP")],
  ["/tickets/*", to("EVENTS_HTTP")],
  ["/auth/*", to("AUTH_HTTP", "auth")],
  ["/.well-known/*", toAnybody("AUTH_HTTP")],
  ["/oauth/*", to("AUTH_HTTP", "auth")],
  ["/users/*", to("USERS_HTTP")],
  ["/organizers/*", to("USERS_HTTP")],
  ["/notifications/*", to("NOTIFICATIONS_HTTP")],
  ["/branding/*", to("BRANDING_HTTP")],
  ["/search", to("SEARCH_HTTP")],
  ["/analytics/*", to("ANALYTICS_HTTP")],
  ["/health", own(health)],
  ["/openapi.json", own(openapiDocument)],
  ["/docs/*", toAnybody("SITES_HTTP")],
];

/** Not in the table of any other environment (rule 2). */
const DEVELOPMENT_TABLE: typeof TABLE = [
  ["/dev/accounts/*", toAnybody("AUTH_HTTP")],
  ["/dev/test-provider/*", toAnybody("PAYMENTS_HTTP")],
  ["/dev/outbox", toAnybody("NOTIFICATIONS_HTTP")],
  ["/dev/mail/*", toAnybody("NOTIFICATIONS_HTTP")],
];

function routerOf(table: typeof TABLE) {
  const router = IttyRouter({ base: "(/v1)?" });
  for (const [path, destination] of table) router.all(path, () => destination);
  return router;
}

const production = routerOf(TABLE);
const development = routerOf([...TABLE, ...DEVELOPMENT_TABLE]);

/** Paths that were asked for lately: an on-sale asks for the same few, and each look at the table parses the address anew. */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_LENGTH = 128;
const remembered = new Map<string, Destination>();

/** Undefined where no door has this path. */
export async function destinationOf(request: Request, path: string, env: GatewayEnv): Promise<Destination | undefined> {
  const known = remembered.get(path);
  if (known) return known;
  const router = env.ENVIRONMENT === "development" ? development : production;
  const destination: Destination | undefined = await router.fetch(request);
  if (destination && path.length <= MAX_REMEMBERED_LENGTH) {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(path, destination);
  }
  return destination;
}

const page = to("SITES_HTTP");
/** A form there reserves, orders or pays. Behind one address of a mobile network stand all who buy by it. */
const pageForm = to("SITES_HTTP", "forms");

/** An organizer's page, or the form on it. */
export const siteOf = (request: Request): Destination => (isReading(request) ? page : pageForm);
