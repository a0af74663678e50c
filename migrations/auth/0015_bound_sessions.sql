-- An account's sessions that are not revoked are few, and those that were, many: neither is found by walking past the other.
CREATE INDEX sessions_by_revocation ON sessions (account_id, revoked_at_ms);

-- Whether the token names its session under a key (`br_….<session id>.<MAC>`). Used ones of that kind need no row to be known again;
-- rows of those that were given out before stay as long as their session.
ALTER TABLE refresh_tokens ADD COLUMN names_session INTEGER NOT NULL DEFAULT 0 CHECK (names_session IN (0, 1));
