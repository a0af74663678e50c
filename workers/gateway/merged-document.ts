/** One OpenAPI 3.1 document out of the domains' own: what `/openapi.json` answers, and what the typed client is written from. */
import { CSRF_HEADER, SESSION_COOKIE } from "../../shared/contracts/session-cookie";
import { ownPaths } from "./own-operations";

interface DomainDocument {
  paths?: Record<string, unknown>;
  components?: { schemas?: Record<string, unknown>; examples?: Record<string, unknown> };
}

const INFO = {
  title: "Bilten",
  version: "1",
  description:
    "Event ticketing: organizers publish, buyers reserve and pay, doors scan. Every path answers with and without the prefix `/v1`. Money is an integer in the currency's minor unit, times are RFC 3339 in UTC, errors are RFC 9457 problem details with a stable `code`. Clients must accept values of enumerations and members of objects that they do not know.\n\nEach operation says who may in `x-permission`: `anyone`; `credential`, any good one, and the thing itself decides; `user`, somebody signed in, and no API key; `admin`; `development`, where no other environment has the operation; else a permission of the organizer's team: `events:write` and the like. An owner has all of them, and only owners make and unmake owners; a manager has all but `ownership:transfer`; finance has orders, refunds, the ledger and the figures; marketing events, the look and the figures; door the check-ins; and everybody in the team reads what is the organizer's own: its drafts, pictures and seat maps. Door staff of some events is in the team at those alone: what is asked of the organizer as a whole is 403 to them, and they see no drafts in its list. `x-step-up` says that the caller must have proved who he is less than five minutes ago, by signing in or by `POST /auth/step-up`, or hears 401 `insufficient_user_authentication`; where only some of an operation wants that, its description says so.",
  license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
};

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "An access token (JWT), an API key (`bk_…`), an order's token (`bo_…`) or a hold's secret (`bh_…`), where the operation takes it.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
    description:
      "A browser's session, for pages of the API's own origin: signing in with `x-session: cookie` sets it, and no script can read it. Counts where no `Authorization` is sent.",
  },
  csrf: {
    type: "apiKey",
    in: "header",
    name: CSRF_HEADER,
    description:
      "Goes with the cookie in everything but `GET` and `HEAD`, where `Origin` must be the origin that is asked too: the `csrfToken` that came with the cookie, or that `GET /auth/session` says. After 403 `csrf_failed` read it there anew: it changes with the cookie.",
  },
};

const TAGS = [
  { name: "auth", description: "Accounts: registering, signing in, sessions, keys." },
  { name: "users", description: "People's own profiles." },
  { name: "organizers", description: "Who sells, and their teams." },
  { name: "events", description: "What is sold, from draft to the end." },
  { name: "ticket types", description: "Kinds of tickets: price, quantity, sale." },
  { name: "pools", description: "What the stock is counted by: shared limits, allocations kept back." },
  { name: "seats", description: "Seat maps, and the seats of an event: their states, blocking, swapping." },
  { name: "search", description: "Published events by words, place, time and price." },
  { name: "holds", description: "Tickets kept for somebody for some minutes." },
  { name: "waitlist", description: "Waiting for tickets that come back, and the offers of them." },
  { name: "orders", description: "Buying: an order, its tickets, cancelling." },
  { name: "payments", description: "Paying, refunds, the ledger, what providers say." },
  { name: "check-in", description: "The door." },
  { name: "branding", description: "An organizer's look: colours, logo, pictures." },
  { name: "analytics", description: "Figures of a sale." },
  { name: "notifications", description: "What is told to whom." },
  { name: "platform", description: "Health, this document, the page to try it." },
  { name: "development", description: "On a developer's machine only." },
];

const sorted = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Of a path's operations: a name under which nothing stands says nothing. */
const tagsOf = (path: unknown): string[] =>
  Object.values(path as Record<string, { tags?: string[] }>).flatMap(({ tags = [] }) => tags);

/** `/dev/*` is in it in development only, where it exists. Each text is what a domain's RPC door `openapi()` answers. */
export function mergeDocuments(texts: readonly string[], environment: string): string {
  const paths: Record<string, unknown> = { ...ownPaths };
  const schemas: Record<string, unknown> = {};
  const examples: Record<string, unknown> = {};
  for (const text of texts) {
    const document: DomainDocument = JSON.parse(text);
    for (const [path, operations] of Object.entries(document.paths ?? {})) {
      if (environment === "development" || !path.startsWith("/dev/")) paths[path] = operations;
    }
    Object.assign(schemas, document.components?.schemas);
    Object.assign(examples, document.components?.examples);
  }
  const used = new Set(Object.values(paths).flatMap(tagsOf));
  return JSON.stringify({
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: "/v1" }, { url: "/" }],
    tags: TAGS.filter(({ name }) => used.has(name)),
    paths: sorted(paths),
    components: { schemas: sorted(schemas), examples: sorted(examples), securitySchemes: SECURITY_SCHEMES },
  });
}
