/** Drizzle's view of migrations/branding, which is the truth. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ASSET_KINDS, ASSET_TYPES } from "../../shared/contracts/branding";

export const brandSettings = sqliteTable("brand_settings", {
  organizerId: text("organizer_id").primaryKey(),
  version: integer("version").notNull(),
  primaryColor: text("primary_color").notNull(),
  secondaryColor: text("secondary_color").notNull(),
  logoUrl: text("logo_url"),
  faviconUrl: text("favicon_url"),
  logoAssetId: text("logo_asset_id"),
  faviconAssetId: text("favicon_asset_id"),
  coverAssetId: text("cover_asset_id"),
  fontFamily: text("font_family").notNull(),
  tagline: text("tagline"),
  links: text("links").notNull(),
  customCSS: text("custom_css").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

export const brandAssets = sqliteTable("brand_assets", {
  id: text("id").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  kind: text("kind", { enum: ASSET_KINDS }).notNull(),
  sha256: text("sha256").notNull(),
  contentType: text("content_type", { enum: ASSET_TYPES }).notNull(),
  sizeBytes: integer("size_bytes").notNull(),
  width: integer("width").notNull(),
  height: integer("height").notNull(),
  state: text("state", { enum: ["storing", "stored", "deleting"] }).notNull(),
  stateSinceMs: integer("state_since_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});
