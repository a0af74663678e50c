import type { Context } from "hono";
import { INTERNAL_HEADERS } from "../contracts/internal-headers";
import type { Permission } from "../contracts/organizers";
import { Principal } from "../contracts/principal";

/** A route asks more than once: its guard, its handler, its idempotency scope. */
const resolved = new WeakMap<Request, Principal>();

/** Only the gateway can have set the header (rule 1), so a text that does not parse is a bug there, not an input. */
export function principalOf(c: Context): Principal {
  const known = resolved.get(c.req.raw);
  if (known) return known;
  const header = c.req.raw.headers.get(INTERNAL_HEADERS.principal);
  const principal: Principal = header === null ? { kind: "anonymous" } : Principal.parse(JSON.parse(header));
  resolved.set(c.req.raw, principal);
  return principal;
}

/** The person behind the caller, whether signed in or by an API key. */
export function userIdOf(principal: Principal): string | null {
  return principal.kind === "user" || principal.kind === "api_key" ? principal.userId : null;
}

/**
 * The person as whose member the caller may act at this organizer: a session made on an organizer's host buys and does nothing else
 * (rule 5), and a key may what its maker may, as far as its scopes go, and nothing elsewhere where it is bound to one organizer.
 */
export function memberCandidate(principal: Principal, organizerId: string, permission: Permission): string | null {
  if (principal.kind === "user") return principal.organizerHost ? null : principal.userId;
  if (principal.kind !== "api_key" || !principal.scopes.includes(permission)) return null;
  return (principal.organizerId ?? organizerId) === organizerId ? principal.userId : null;
}

/** Whom a session of an organizer's host buys from and nobody else (rule 5), by the host that was asked; null for everybody else. */
export const onlyOrganizerOf = (principal: Principal, hostOrganizerId: string | null): string | null =>
  principal.kind === "user" && principal.organizerHost ? (hostOrganizerId ?? "") : null;

export const isAdmin = (principal: Principal): boolean =>
  principal.kind === "user" && principal.role === "admin" && !principal.organizerHost;

/** The client's address as the edge saw it; local runs have none behind a proxy and count as one address. */
export const addressOf = (c: Context): string => c.req.header(INTERNAL_HEADERS.address) ?? "0.0.0.0";
