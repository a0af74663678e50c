-- Who may sign in. `email` is as its owner typed it, `email_key` is what two addresses are compared by.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT NOT NULL UNIQUE CHECK (email_key = lower(email)),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'organizer', 'admin')),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'suspended', 'deleted')),
  email_verified_at_ms INTEGER,
  -- bcrypt's own text, which names its cost. Null where somebody signs in without a password. While nobody has confirmed the
  -- address it is the latest registration's, and opens nothing.
  password_hash TEXT,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  CHECK (status <> 'active' OR email_verified_at_ms IS NOT NULL)
) STRICT;

-- Those that nobody confirmed are forgotten after a while.
CREATE INDEX accounts_pending_by_age ON accounts (created_at_ms) WHERE status = 'pending';

-- Mails that were asked for. Their tokens are derived from the id and stand nowhere. Anybody can register anybody's address, so
-- each verification keeps what its own registration chose, and only the one that is clicked becomes the account's.
CREATE TABLE account_mails (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('verification', 'already_registered', 'password_reset')),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
  used_at_ms INTEGER,
  name TEXT CHECK (length(name) BETWEEN 1 AND 200),
  password_hash TEXT,
  CHECK ((name IS NULL) = (password_hash IS NULL)),
  CHECK (name IS NULL OR kind = 'verification')
) STRICT;

CREATE INDEX account_mails_by_account ON account_mails (account_id, kind, created_at_ms);
CREATE INDEX account_mails_by_expiry ON account_mails (expires_at_ms);
