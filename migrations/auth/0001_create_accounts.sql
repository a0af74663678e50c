-- Who may sign in. `email` is as its owner typed it, `email_key` is what two addresses are compared by.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT NOT NULL UNIQUE CHECK (email_key = lower(email)),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'organizer', 'admin')),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'suspended', 'deleted')),
  email_verified_at_ms INTEGER,
  -- Null where somebody signs in without a password. Cost and pre-hash stand beside it, so that login can raise them.
  password_hash TEXT,
  password_cost INTEGER CHECK (password_cost >= 10),
  password_prehash INTEGER,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  CHECK (status <> 'active' OR email_verified_at_ms IS NOT NULL),
  CHECK ((password_hash IS NULL) = (password_cost IS NULL) AND (password_hash IS NULL) = (password_prehash IS NULL))
) STRICT;

-- Mails that were asked for. Their tokens are derived from the id and stand nowhere.
CREATE TABLE account_mails (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('verification', 'already_registered', 'password_reset')),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
  used_at_ms INTEGER
) STRICT;

CREATE INDEX account_mails_by_account ON account_mails (account_id, kind, created_at_ms);
CREATE INDEX account_mails_by_expiry ON account_mails (expires_at_ms);
