/** What a request says of its caller and of the server that it came to. */
import type { Context } from "hono";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { principalOf } from "../../shared/http/principal";
import type { Caller } from "./claims";
import { rememberPort } from "./providers/test-deliveries";

/** Each request also tells the provider `test` where this server answers now. */
export function callerOf(c: Context): Caller {
  if (c.env.ENVIRONMENT === "development") rememberPort(c.req.url);
  return { principal: principalOf(c), hostOrganizerId: c.req.header(INTERNAL_HEADERS.organizer) ?? null };
}

/** Of the running server, as the client reached it; the default ports are not spelled in a URL. */
export function portOf(c: Context): number {
  const { port, protocol } = new URL(c.req.url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

export const traceparentOf = (c: Context): string | undefined => c.req.header("traceparent");
