CREATE TABLE organizers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  slug TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 3 AND 63 AND slug NOT GLOB '*[^a-z0-9-]*'),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

-- A member's account was asked of auth when the membership was made, so that its row is here.
CREATE TABLE memberships (
  organizer_id TEXT NOT NULL REFERENCES organizers (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES accounts (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'finance', 'marketing', 'door')),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (organizer_id, user_id)
) STRICT;

CREATE INDEX memberships_by_user ON memberships (user_id, organizer_id);
CREATE INDEX memberships_by_age ON memberships (organizer_id, created_at_ms, user_id);
-- Counting an organizer's owners must not read its whole team.
CREATE INDEX memberships_owners ON memberships (organizer_id) WHERE role = 'owner';
