-- A browser's session is shown by a cookie in the place of tokens; only its SHA-256 (base64url) stands here. The one that it had before
-- a step-up opens nothing, and is known as that for a while after `replaced_at_ms`: another tab may be sending it right now.
ALTER TABLE sessions ADD COLUMN cookie_hash TEXT CHECK (length(cookie_hash) = 43);
ALTER TABLE sessions ADD COLUMN former_cookie_hash TEXT CHECK (length(former_cookie_hash) = 43);
ALTER TABLE sessions ADD COLUMN replaced_at_ms INTEGER CHECK ((replaced_at_ms IS NULL) = (former_cookie_hash IS NULL));
CREATE UNIQUE INDEX sessions_by_cookie ON sessions (cookie_hash) WHERE cookie_hash IS NOT NULL;
CREATE INDEX sessions_by_former_cookie ON sessions (former_cookie_hash) WHERE former_cookie_hash IS NOT NULL;
