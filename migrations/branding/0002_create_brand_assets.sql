CREATE TABLE brand_assets (
  id TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('logo', 'favicon', 'cover', 'image')),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
  content_type TEXT NOT NULL CHECK (content_type LIKE 'image/%'),
  size_bytes INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 20971520),
  width INTEGER NOT NULL CHECK (width >= 1),
  height INTEGER NOT NULL CHECK (height >= 1),
  -- The row is there before its object and goes after it: what is not 'stored' is nobody's to see.
  state TEXT NOT NULL CHECK (state IN ('storing', 'stored', 'deleting')),
  state_since_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- The same picture for the same purpose is one asset; one that is on its way out does not stand in the way of its like.
CREATE UNIQUE INDEX brand_assets_by_content ON brand_assets (organizer_id, kind, sha256) WHERE state <> 'deleting';
CREATE INDEX brand_assets_by_organizer ON brand_assets (organizer_id, created_at_ms, id);
CREATE INDEX brand_assets_unsettled ON brand_assets (state_since_ms) WHERE state <> 'stored';

ALTER TABLE brand_settings ADD COLUMN logo_asset_id TEXT;
ALTER TABLE brand_settings ADD COLUMN favicon_asset_id TEXT;
ALTER TABLE brand_settings ADD COLUMN cover_asset_id TEXT;
ALTER TABLE brand_settings ADD COLUMN tagline TEXT CHECK (length(tagline) BETWEEN 1 AND 640);
ALTER TABLE brand_settings ADD COLUMN links TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(links));
