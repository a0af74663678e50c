-- How a person wants to be spoken to; who never said has no row, and what stands as default here.
CREATE TABLE preferences (
  user_id TEXT PRIMARY KEY,
  -- BCP 47.
  locale TEXT NOT NULL DEFAULT 'en' CHECK (length(locale) BETWEEN 2 AND 35),
  -- IANA.
  timezone TEXT NOT NULL DEFAULT 'UTC' CHECK (length(timezone) BETWEEN 1 AND 64),
  -- ISO 4217.
  currency TEXT NOT NULL DEFAULT 'EUR' CHECK (length(currency) = 3),
  email INTEGER NOT NULL DEFAULT 1 CHECK (email IN (0, 1)),
  sms INTEGER NOT NULL DEFAULT 0 CHECK (sms IN (0, 1)),
  push INTEGER NOT NULL DEFAULT 0 CHECK (push IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  updated_at_ms INTEGER NOT NULL
) STRICT;

-- Each decision stays, as proof of what was agreed to when (GDPR, article 7); the newest of a purpose counts.
CREATE TABLE consent_decisions (
  user_id TEXT NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('marketing', 'analytics', 'personalization')),
  -- Counts from 1.
  number INTEGER NOT NULL CHECK (number >= 1),
  granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
  decided_at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, purpose, number)
) STRICT;

-- Pictures of people. A profile names the one that is shown; the others wait for the sweep.
CREATE TABLE avatars (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  content_type TEXT NOT NULL CHECK (content_type IN ('image/png', 'image/jpeg', 'image/webp')),
  size_bytes INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 1048576),
  width INTEGER NOT NULL CHECK (width >= 1),
  height INTEGER NOT NULL CHECK (height >= 1),
  created_at_ms INTEGER NOT NULL,
  -- Null while a profile names it.
  unshown_since_ms INTEGER,
  -- Set before its object goes: from then on no profile may name it.
  doomed INTEGER NOT NULL DEFAULT 0 CHECK (doomed = 0 OR unshown_since_ms IS NOT NULL)
) STRICT;

CREATE INDEX avatars_by_user ON avatars (user_id);
CREATE INDEX avatars_unshown ON avatars (unshown_since_ms) WHERE unshown_since_ms IS NOT NULL;

ALTER TABLE profiles ADD COLUMN avatar_id TEXT;
