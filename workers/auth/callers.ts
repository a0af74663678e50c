/** Who calls auth's routes, and from which host. */
import type { Context } from "hono";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { addressOf, principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import type { Audience } from "./access-tokens";
import { type Client, clientOf } from "./clients";

/** A session belongs to the host where it was made (rule 5); only the gateway can say that a host is an organizer's. */
export function audienceOf(c: Context, issuer: string): Audience {
  const organizerId = c.req.header(INTERNAL_HEADERS.organizer) ?? null;
  const audience = organizerId === null ? issuer : new URL(c.req.url).host;
  return { audience, organizerId, client: clientOf(c.req.raw) };
}

/** The same, with the network that it came from. */
export const visitOf = (c: Context, issuer: string) => ({ ...audienceOf(c, issuer), address: addressOf(c) });

/** Who holds a session, and what he asks with. */
export interface SignedIn {
  userId: string;
  sessionId: string;
  client?: Client;
}

/** API keys have no session that could end, and no business with their maker's account. */
export function signedInOf(c: Context): SignedIn {
  const principal = principalOf(c);
  if (principal.kind !== "user") throw new Problem("forbidden");
  return { userId: principal.userId, sessionId: principal.sessionId, client: clientOf(c.req.raw) };
}

export const ACCOUNT_TAKES = { badCredential: "ignored" } as const;
export const NO_STORE = { "cache-control": "no-store" };
