import { z } from "zod";
import type { Denied } from "./denials";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";
import type { Refusal } from "./problems";
import type { Result } from "./result";
import type { CookieState } from "./session-cookie";

export const ROLES = ["user", "organizer", "admin"] as const;
export const ACCOUNT_STATUSES = ["pending", "active", "suspended", "deleted"] as const;
/** What an admin may set; `pending` is only what a registration is. */
export const SETTABLE_STATUSES = ["active", "suspended", "deleted"] as const;
export type SettableStatus = (typeof SETTABLE_STATUSES)[number];

export const User = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    status: z.enum(ACCOUNT_STATUSES),
    emailVerified: z.boolean(),
    mfaEnabled: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "User" });
export type User = z.infer<typeof User>;

/** An account as siblings read it: `version` grows with each change, so that a projection keeps the newer one (rule 21). */
export interface Account extends User {
  version: number;
}

/** What an access token says (RFC 9068). Times are seconds since 1970, as in every JWT. */
export const AccessTokenClaims = z.object({
  iss: z.string(),
  /** The issuer on the API host; on an organizer's host that host, as the client named it: such a session works there only (rule 5). */
  aud: z.string(),
  sub: Id,
  /** The session, which a refresh continues. */
  sid: Id,
  role: z.enum(ROLES),
  iat: z.int(),
  /** `iat` in milliseconds, because what was ended within a second is told from what was issued after it (see contracts/denials.ts). */
  iat_ms: z.int(),
  exp: z.int(),
  auth_time: z.int(),
  jti: Id,
  client_id: z.string(),
  /** The organizer whose host it was. */
  org: Id.optional(),
});
export type AccessTokenClaims = z.infer<typeof AccessTokenClaims>;

export const Tokens = z
  .object({
    accessToken: z.string().regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, "three base64url parts"),
    refreshToken: z.string().min(1),
    tokenType: z.literal("Bearer"),
    /** Seconds. */
    expiresIn: z.int().min(1),
    user: User,
  })
  .meta({ id: "Tokens" });
export type Tokens = z.infer<typeof Tokens>;

export const SECOND_FACTORS = ["totp", "recovery_code", "webauthn"] as const;

/** The password was right, and the account asks for more. */
export const MfaRequired = z
  .object({
    mfaRequired: z.literal(true),
    /** Good for ten minutes and one sign-in, at `POST /auth/mfa/verify`. */
    mfaToken: z.string().min(1),
    /** Those that this account can answer with here. */
    methods: z.array(z.enum(SECOND_FACTORS)),
  })
  .meta({ id: "MfaRequired" });
export type MfaRequired = z.infer<typeof MfaRequired>;

export const LoginAnswer = z.union([Tokens, MfaRequired]).meta({ id: "LoginAnswer" });
export type LoginAnswer = z.infer<typeof LoginAnswer>;

/** A mail that only auth can complete, because the token is derived there and never travels in a message (rule 21). */
export interface AccountMail {
  id: string;
  accountId: string;
  kind:
    | "verification"
    | "already_registered"
    | "password_reset"
    | "password_changed"
    | "factors_changed"
    | "totp_added"
    | "totp_removed"
    | "passkey_added"
    | "passkey_removed"
    | "recovery_code_used"
    | "recovery_codes_renewed"
    | "second_factor_locked"
    | "api_key_created"
    | "api_key_rotated"
    | "unlock"
    | "new_device";
  to: string;
  /** Absent while nobody has confirmed the address: a stranger may have chosen it. */
  name?: string;
  /** Absent where the mail carries none. */
  token?: string;
  /** What was done with the account, and from where, as far as that is known. Absent where the mail tells of nothing that was done. */
  done?: { at: string; device: string | null; place: string | null };
  /** With a new password: the API keys that still work, 100 at most. Absent where there are none. */
  apiKeys?: { name: string; hint: string }[];
}

/** Whom an API key acts for, and as far as what. */
export interface ResolvedApiKey {
  keyId: string;
  userId: string;
  organizerId: string | null;
  scopes: string[];
}

export interface AuthRpc extends DomainRpc {
  /** Public JSON Web Keys (RFC 7517) that may have signed an access token still alive. */
  jwks(): Promise<{ keys: JsonWebKey[] }>;
  /** What the gateway refuses access tokens by before they expire; at most two seconds old. */
  denied(): Promise<Denied>;
  /** The API key with this SHA-256 (base64url), null where there is none that works now. Remembered at most 5 s by the asking isolate. */
  apiKeyOf(hash: string): Promise<ResolvedApiKey | null>;
  /** The session whose cookie has this SHA-256 (base64url). Remembered at most 5 s by the asking isolate. */
  cookieSessionOf(hash: string): Promise<CookieState>;
  /** Accounts by id, those that exist; at most 100 ids. */
  accounts(ids: string[]): Promise<Account[]>;
  /** The account of an address, whatever its status; null when there is none. */
  accountOfEmail(email: string): Promise<Account | null>;
  /** The person's name, which a profile shows and mails use. With `ifVersion` only while the account is at that version. */
  rename(
    id: string,
    name: string,
    ifVersion: number | null,
  ): Promise<Result<Account, Refusal<"user_not_found" | "version_stale">>>;
  /** By an active admin, of anybody else; his memberships stay. With `ifVersion` only while the account is at that version. */
  changeRole(
    actorId: string,
    id: string,
    role: User["role"],
    ifVersion?: number | null,
  ): Promise<Result<Account, Refusal<"user_not_found" | "forbidden" | "account_state" | "version_stale">>>;
  /** By an active admin, of anybody else who has confirmed his address and is not deleted. `ifVersion` as of a role. */
  changeStatus(
    actorId: string,
    id: string,
    status: SettableStatus,
    ifVersion?: number | null,
  ): Promise<Result<Account, Refusal<"user_not_found" | "forbidden" | "account_state" | "version_stale">>>;
  /** What a mail of this id says; an id that is gone or was used is left out. At most 100 ids. */
  accountMails(ids: string[]): Promise<AccountMail[]>;
}
