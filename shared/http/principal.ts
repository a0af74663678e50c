import type { Context } from "hono";
import { INTERNAL_HEADERS } from "../contracts/internal-headers";
import { Principal } from "../contracts/principal";

/** Only the gateway can have set the header (rule 1), so a text that does not parse is a bug there, not an input. */
export function principalOf(c: Context): Principal {
  const header = c.req.header(INTERNAL_HEADERS.principal);
  return header === undefined ? { kind: "anonymous" } : Principal.parse(JSON.parse(header));
}

/** The person behind the caller, whether signed in or by an API key. */
export function userIdOf(principal: Principal): string | null {
  return principal.kind === "user" || principal.kind === "api_key" ? principal.userId : null;
}

export const isAdmin = (principal: Principal): boolean =>
  principal.kind === "user" && principal.role === "admin" && !principal.organizerHost;

/** The client's address as the edge saw it; local runs have none behind a proxy and count as one address. */
export const addressOf = (c: Context): string => c.req.header(INTERNAL_HEADERS.address) ?? "0.0.0.0";
