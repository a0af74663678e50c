-- One sign-in and all its refresh tokens. `audience` is the issuer, or the organizer's host where it was made.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  audience TEXT NOT NULL,
  organizer_id TEXT,
  auth_time_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_because TEXT CHECK (revoked_because IN ('logout', 'reuse')),
  CHECK ((revoked_at_ms IS NULL) = (revoked_because IS NULL))
) STRICT;

CREATE INDEX sessions_by_account ON sessions (account_id, created_at_ms);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

-- A used token stays as long as its session, so that its second use is noticed.
CREATE TABLE refresh_tokens (
  hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER
) STRICT;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
