-- Invitations into a team, by mail. Their tokens are derived from the id and stand nowhere.
CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL REFERENCES organizers (id) ON DELETE CASCADE,
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT NOT NULL CHECK (email_key = lower(email)),
  role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'finance', 'marketing', 'door')),
  event_ids TEXT CHECK (event_ids IS NULL OR (role = 'door' AND json_valid(event_ids))),
  invited_by TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'revoked')),
  settled_at_ms INTEGER,
  CHECK ((status = 'open') = (settled_at_ms IS NULL))
) STRICT;

CREATE UNIQUE INDEX invitations_open ON invitations (organizer_id, email_key) WHERE status = 'open';
CREATE INDEX invitations_by_organizer ON invitations (organizer_id, created_at_ms, id);
CREATE INDEX invitations_by_inviter ON invitations (invited_by, created_at_ms);
CREATE INDEX invitations_by_expiry ON invitations (expires_at_ms);

-- Door staff may be a team's for some events only: a JSON array of their ids; null is all of them.
ALTER TABLE memberships ADD COLUMN event_ids TEXT CHECK (event_ids IS NULL OR (role = 'door' AND json_valid(event_ids)));

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  envelope TEXT NOT NULL CHECK (json_valid(envelope)),
  created_at_ms INTEGER NOT NULL,
  sent_to TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sent_to)),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_try_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX outbox_by_turn ON outbox (next_try_at_ms, created_at_ms);

-- Makes a batch whose compare-and-set changed nothing fail as a whole.
CREATE TABLE guard (
  ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)
) STRICT;
