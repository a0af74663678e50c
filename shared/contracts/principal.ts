import { z } from "zod";
import { PROBLEMS } from "./problems";

/**
 * Who asks, as the gateway resolved it from the credential's shape (rule 3). Domains trust it because only the gateway can set the
 * header `x-bilten-principal` (it strips the inbound one) and only `gateway` and `sites` may call a domain's fetch (rule 1).
 */
export const Principal = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("anonymous") }),
  z.object({
    kind: z.literal("user"),
    userId: z.string(),
    sessionId: z.string(),
    role: z.enum(["user", "organizer", "admin"]),
    /** When the person last proved who they are (OpenID Connect `auth_time`), milliseconds. */
    authTimeMs: z.number(),
    /** True when the session was made on an organizer's host: it may buy and read its own orders, nothing else (rule 5). */
    organizerHost: z.boolean(),
  }),
  z.object({
    kind: z.literal("api_key"),
    keyId: z.string(),
    userId: z.string(),
    organizerId: z.string().nullable(),
    scopes: z.array(z.string()),
  }),
  /** A hold's (`bh_…`) or an order's (`bo_…`) secret: only that thing's own routes accept it, and they verify it. */
  z.object({ kind: z.literal("bearer_secret"), secret: z.string() }),
  /** A credential was sent and is not valid. The domain answers 401, after it knows that the route exists. */
  z.object({
    kind: z.literal("refused"),
    code: z.enum(
      Object.keys(PROBLEMS).filter((code) => code.startsWith("credential_")) as ["credential_invalid", "credential_expired"],
    ),
  }),
]);
export type Principal = z.infer<typeof Principal>;
export type UserPrincipal = Extract<Principal, { kind: "user" }>;

/** Set by the gateway on every request that it forwards, stripped from every request that it receives. */
export const INTERNAL_HEADERS = {
  principal: "x-bilten-principal",
  /** The client's IP address as the edge saw it; `/64` and HMAC are the reader's business. */
  address: "x-bilten-address",
  /** The organizer whose host was asked, absent on the API host. */
  organizer: "x-bilten-organizer",
} as const;
