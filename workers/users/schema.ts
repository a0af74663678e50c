/** The typed view of the database; migrations/users is the truth. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ACCOUNT_STATUSES, ROLES, SETTABLE_STATUSES } from "../../shared/contracts/accounts";
import { MEMBER_ROLES } from "../../shared/contracts/organizers";
import { RASTER_TYPES } from "../../shared/pictures/raster";
import { PURPOSES } from "./consents";

export const accounts = sqliteTable("accounts", {
  id: text("id").primaryKey(),
  email: text("email").notNull(),
  name: text("name").notNull(),
  role: text("role", { enum: ROLES }).notNull(),
  status: text("status", { enum: ACCOUNT_STATUSES }).notNull(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull(),
  version: integer("version").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  mfaEnabled: integer("mfa_enabled", { mode: "boolean" }).notNull().default(false),
  /** Null where an older version projected it. */
  nameKey: text("name_key"),
});

/** Written by the triggers of `accounts`, and for those before them by the sweep. */
export const nameTails = sqliteTable(
  "name_tails",
  {
    accountId: text("account_id").notNull(),
    number: integer("number").notNull(),
    tail: text("tail").notNull(),
    role: text("role", { enum: ROLES }).notNull(),
    status: text("status", { enum: ACCOUNT_STATUSES }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.number] })],
);

/** One row while the sweep is on its way, none afterwards. */
export const nameTailsProgress = sqliteTable("name_tails_progress", {
  id: integer("id").primaryKey(),
  afterId: text("after_id").notNull(),
});

export const statusChanges = sqliteTable("status_changes", {
  id: text("id").primaryKey(),
  userId: text("user_id").notNull(),
  status: text("status", { enum: SETTABLE_STATUSES }).notNull(),
  reason: text("reason").notNull(),
  actorId: text("actor_id").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  appliedVersion: integer("applied_version"),
});

export const forgottenAccounts = sqliteTable("forgotten_accounts", {
  id: text("id").primaryKey(),
  forgottenAtMs: integer("forgotten_at_ms").notNull(),
});

export const profiles = sqliteTable("profiles", {
  userId: text("user_id").primaryKey(),
  phone: text("phone"),
  bio: text("bio"),
  version: integer("version").notNull().default(1),
  updatedAtMs: integer("updated_at_ms").notNull(),
  avatarId: text("avatar_id"),
});
export type ProfileRow = typeof profiles.$inferSelect;

export const preferences = sqliteTable("preferences", {
  userId: text("user_id").primaryKey(),
  locale: text("locale").notNull().default("en"),
  timezone: text("timezone").notNull().default("UTC"),
  currency: text("currency").notNull().default("EUR"),
  email: integer("email").notNull().default(1),
  sms: integer("sms").notNull().default(0),
  push: integer("push").notNull().default(0),
  version: integer("version").notNull().default(1),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

export const consentDecisions = sqliteTable(
  "consent_decisions",
  {
    userId: text("user_id").notNull(),
    purpose: text("purpose", { enum: PURPOSES }).notNull(),
    number: integer("number").notNull(),
    granted: integer("granted").notNull(),
    decidedAtMs: integer("decided_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.purpose, table.number] })],
);

export const avatars = sqliteTable("avatars", {
  id: text("id").primaryKey(),
  userId: text("user_id").notNull(),
  sha256: text("sha256").notNull(),
  contentType: text("content_type", { enum: RASTER_TYPES }).notNull(),
  sizeBytes: integer("size_bytes").notNull(),
  width: integer("width").notNull(),
  height: integer("height").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  unshownSinceMs: integer("unshown_since_ms"),
  doomed: integer("doomed").notNull().default(0),
});

export const organizers = sqliteTable("organizers", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug").notNull().unique(),
  version: integer("version").notNull().default(1),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  createdBy: text("created_by"),
});

export const oldSlugs = sqliteTable("old_slugs", {
  slug: text("slug").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  leftAtMs: integer("left_at_ms").notNull(),
});

export const memberLookups = sqliteTable(
  "member_lookups",
  {
    userId: text("user_id").notNull(),
    day: integer("day").notNull(),
    lookups: integer("lookups").notNull(),
    additions: integer("additions").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.day] })],
);

export type OrganizerRow = typeof organizers.$inferSelect;

export const memberships = sqliteTable(
  "memberships",
  {
    organizerId: text("organizer_id").notNull(),
    userId: text("user_id").notNull(),
    role: text("role", { enum: MEMBER_ROLES }).notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    eventIds: text("event_ids"),
    version: integer("version").notNull().default(1),
  },
  (table) => [primaryKey({ columns: [table.organizerId, table.userId] })],
);

export const invitations = sqliteTable("invitations", {
  id: text("id").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  email: text("email").notNull(),
  emailKey: text("email_key").notNull(),
  role: text("role", { enum: MEMBER_ROLES }).notNull(),
  eventIds: text("event_ids"),
  invitedBy: text("invited_by").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  status: text("status", { enum: ["open", "accepted", "revoked"] })
    .notNull()
    .default("open"),
  settledAtMs: integer("settled_at_ms"),
  added: integer("added").notNull().default(0),
});

export const ownerAppointments = sqliteTable("owner_appointments", {
  id: text("id").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  userId: text("user_id").notNull(),
  actorId: text("actor_id").notNull(),
  reason: text("reason").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
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
