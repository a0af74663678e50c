-- Keys by which programs act for their maker, in a team. The key itself is shown once and stands nowhere; `hint` is its start.
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  organizer_id TEXT,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  hint TEXT NOT NULL CHECK (length(hint) = 12),
  scopes TEXT NOT NULL CHECK (json_valid(scopes) AND json_array_length(scopes) BETWEEN 1 AND 32),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER,
  last_used_at_ms INTEGER,
  rotated_from TEXT
) STRICT;

CREATE INDEX api_keys_by_account ON api_keys (account_id, created_at_ms, id);
CREATE INDEX api_keys_by_end ON api_keys (min(coalesce(revoked_at_ms, 9007199254740991), coalesce(expires_at_ms, 9007199254740991)));
