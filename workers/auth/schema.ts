/** The typed view of the database; migrations/auth is the truth. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ACCOUNT_STATUSES, ROLES } from "../../shared/contracts/accounts";

export const MAIL_KINDS = [
  "verification",
  "already_registered",
  "password_reset",
  "password_changed",
  "factors_changed",
  "totp_added",
  "totp_removed",
  "passkey_added",
  "passkey_removed",
  "recovery_code_used",
  "recovery_codes_renewed",
  "second_factor_locked",
  "api_key_created",
  "api_key_rotated",
  "unlock",
  "new_device",
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

export const accounts = sqliteTable("accounts", {
  id: text("id").primaryKey(),
  email: text("email").notNull(),
  emailKey: text("email_key").notNull().unique(),
  name: text("name").notNull(),
  role: text("role", { enum: ROLES }).notNull().default("user"),
  status: text("status", { enum: ACCOUNT_STATUSES }).notNull().default("pending"),
  emailVerifiedAtMs: integer("email_verified_at_ms"),
  passwordHash: text("password_hash"),
  version: integer("version").notNull().default(1),
  mfaEnabled: integer("mfa_enabled", { mode: "boolean" }).notNull().default(false),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
export type AccountRow = typeof accounts.$inferSelect;

export const accountMails = sqliteTable("account_mails", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  kind: text("kind", { enum: MAIL_KINDS }).notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  usedAtMs: integer("used_at_ms"),
  name: text("name"),
  passwordHash: text("password_hash"),
  device: text("device"),
  place: text("place"),
});

export const REVOCATIONS = ["logout", "reuse", "revoked", "password_changed", "account_ended"] as const;
export type Revocation = (typeof REVOCATIONS)[number];

export const sessions = sqliteTable("sessions", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  audience: text("audience").notNull(),
  organizerId: text("organizer_id"),
  authTimeMs: integer("auth_time_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  lastUsedAtMs: integer("last_used_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  revokedAtMs: integer("revoked_at_ms"),
  revokedBecause: text("revoked_because", { enum: REVOCATIONS }),
  device: text("device"),
  place: text("place"),
  cookieHash: text("cookie_hash"),
  formerCookieHash: text("former_cookie_hash"),
  replacedAtMs: integer("replaced_at_ms"),
});
export type SessionRow = typeof sessions.$inferSelect;

export const pendingDenials = sqliteTable("pending_denials", {
  id: text("id").primaryKey(),
  claim: text("claim", { enum: ["sub", "sid"] }).notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const refreshTokens = sqliteTable("refresh_tokens", {
  hash: text("hash").primaryKey(),
  sessionId: text("session_id").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  usedAtMs: integer("used_at_ms"),
  namesSession: integer("names_session", { mode: "boolean" }).notNull().default(false),
});

export const accountFactors = sqliteTable("account_factors", {
  accountId: text("account_id").primaryKey(),
  sealedTotpSecret: text("sealed_totp_secret"),
  totpAskedAtMs: integer("totp_asked_at_ms"),
  totpConfirmedAtMs: integer("totp_confirmed_at_ms"),
  lastTotpStep: integer("last_totp_step").notNull().default(-1),
  tries: integer("tries").notNull().default(0),
  triesSinceMs: integer("tries_since_ms").notNull().default(0),
});

export const recoveryCodes = sqliteTable(
  "recovery_codes",
  {
    accountId: text("account_id").notNull(),
    hash: text("hash").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    usedAtMs: integer("used_at_ms"),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.hash] })],
);

export const passkeys = sqliteTable("passkeys", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  credentialId: text("credential_id").notNull().unique(),
  publicKey: text("public_key").notNull(),
  signCount: integer("sign_count").notNull(),
  transports: text("transports").notNull(),
  name: text("name").notNull(),
  backedUp: integer("backed_up", { mode: "boolean" }).notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  lastUsedAtMs: integer("last_used_at_ms"),
});
export type PasskeyRow = typeof passkeys.$inferSelect;

export const answeredChallenges = sqliteTable("answered_challenges", {
  hash: text("hash").primaryKey(),
  expiresAtMs: integer("expires_at_ms").notNull(),
});

export const mfaLogins = sqliteTable("mfa_logins", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  audience: text("audience").notNull(),
  organizerId: text("organizer_id"),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  usedAtMs: integer("used_at_ms"),
});

export const signingKeys = sqliteTable("signing_keys", {
  kid: text("kid").primaryKey(),
  publicJwk: text("public_jwk").notNull(),
  wrappedPrivateKey: text("wrapped_private_key").notNull(),
  masterKey: text("master_key").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  retiredAtMs: integer("retired_at_ms"),
  signs: integer("signs", { mode: "boolean" }).notNull().default(true),
  signsFromMs: integer("signs_from_ms").notNull().default(0),
});

export const apiKeys = sqliteTable("api_keys", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  organizerId: text("organizer_id"),
  name: text("name").notNull(),
  hash: text("hash").notNull().unique(),
  hint: text("hint").notNull(),
  scopes: text("scopes").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms"),
  revokedAtMs: integer("revoked_at_ms"),
  lastUsedAtMs: integer("last_used_at_ms"),
  rotatedFrom: text("rotated_from"),
});
export type ApiKeyRow = typeof apiKeys.$inferSelect;

export const securityEvents = sqliteTable("security_events", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  kind: text("kind").notNull(),
  atMs: integer("at_ms").notNull(),
  device: text("device"),
  place: text("place"),
});

export const outbox = sqliteTable("outbox", {
  id: text("id").primaryKey(),
  type: text("type").notNull(),
  envelope: text("envelope").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  sentTo: text("sent_to").notNull().default("[]"),
  attempts: integer("attempts").notNull().default(0),
  nextTryAtMs: integer("next_try_at_ms").notNull().default(0),
});

export const guard = sqliteTable("guard", { ok: integer("ok").notNull() });
