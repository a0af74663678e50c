/** The typed view of the database; migrations/users is the truth. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ACCOUNT_STATUSES, ROLES } from "../../shared/contracts/accounts";
import { MEMBER_ROLES } from "../../shared/contracts/organizers";

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
});
export type ProfileRow = typeof profiles.$inferSelect;

export const organizers = sqliteTable("organizers", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug").notNull().unique(),
  version: integer("version").notNull().default(1),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
export const memberLookups = sqliteTable(
  "member_lookups",
  {
    userId: text("user_id").notNull(),
    day: integer("day").notNull(),
    lookups: integer("lookups").notNull(),
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
  },
  (table) => [primaryKey({ columns: [table.organizerId, table.userId] })],
);
