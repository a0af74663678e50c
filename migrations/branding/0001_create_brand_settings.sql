CREATE TABLE brand_settings (
  organizer_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL CHECK (version >= 1),
  primary_color TEXT NOT NULL CHECK (primary_color GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
  secondary_color TEXT NOT NULL CHECK (secondary_color GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
  logo_url TEXT CHECK (logo_url LIKE 'https://%'),
  favicon_url TEXT CHECK (favicon_url LIKE 'https://%'),
  font_family TEXT NOT NULL,
  custom_css TEXT NOT NULL CHECK (length(custom_css) <= 50000),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
