/** Drizzle's view of migrations/branding, which is the truth. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const brandSettings = sqliteTable("brand_settings", {
  organizerId: text("organizer_id").primaryKey(),
  version: integer("version").notNull(),
  primaryColor: text("primary_color").notNull(),
  secondaryColor: text("secondary_color").notNull(),
  logoUrl: text("logo_url"),
  faviconUrl: text("favicon_url"),
  fontFamily: text("font_family").notNull(),
  customCSS: text("custom_css").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
