import { z } from "zod";

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
    /** A browser shows the session by its cookie; absent where a token does. */
    cookie: z.literal(true).optional(),
  }),
  z.object({
    kind: z.literal("api_key"),
    keyId: z.string(),
    userId: z.string(),
    organizerId: z.string().nullable(),
    scopes: z.array(z.string()),
  }),
  /** A hold's (`bh_…`), an order's (`bo_…`) or a waiting list entry's (`bw_…`) secret: only that thing's own routes accept it, and they verify it. */
  z.object({ kind: z.literal("bearer_secret"), secret: z.string() }),
  /** A credential was sent and does not count. The domain refuses it after it knows that the route exists. */
  z.object({
    kind: z.literal("refused"),
    code: z.enum(["credential_invalid", "credential_expired", "token_stale", "csrf_failed"]),
  }),
]);
export type Principal = z.infer<typeof Principal>;
export type UserPrincipal = Extract<Principal, { kind: "user" }>;
/** Why a credential that was sent is none. */
export type RefusedCredential = Extract<Principal, { kind: "refused" }>["code"];
