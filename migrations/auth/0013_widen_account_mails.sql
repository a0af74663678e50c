-- Owners are told of more things. The kinds are the code's to list from here on, as those of security events are, because SQLite widens
-- a CHECK only by making the table anew.
CREATE TABLE account_mails_wider (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
  used_at_ms INTEGER,
  name TEXT CHECK (length(name) BETWEEN 1 AND 200),
  password_hash TEXT,
  CHECK ((name IS NULL) = (password_hash IS NULL)),
  CHECK (name IS NULL OR kind = 'verification')
) STRICT;
INSERT INTO account_mails_wider SELECT * FROM account_mails;
DROP TABLE account_mails;
ALTER TABLE account_mails_wider RENAME TO account_mails;
CREATE INDEX account_mails_by_account ON account_mails (account_id, kind, created_at_ms);
CREATE INDEX account_mails_by_expiry ON account_mails (expires_at_ms);
