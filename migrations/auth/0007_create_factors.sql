-- True while a second factor is asked for at login: a confirmed authenticator app or a passkey. Kept here, so that signing in without
-- one costs no other look-up.
ALTER TABLE accounts ADD COLUMN mfa_enabled INTEGER NOT NULL DEFAULT 0 CHECK (mfa_enabled IN (0, 1));

-- Sessions end for more reasons than there were. SQLite widens a CHECK by making the table anew; nothing that older code reads or
-- writes changes.
CREATE TABLE sessions_wider (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  audience TEXT NOT NULL,
  organizer_id TEXT,
  auth_time_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_because TEXT CHECK (revoked_because IN ('logout', 'reuse', 'revoked', 'password_changed', 'account_ended')),
  CHECK ((revoked_at_ms IS NULL) = (revoked_because IS NULL))
) STRICT;
INSERT INTO sessions_wider SELECT * FROM sessions;

CREATE TABLE refresh_tokens_wider (
  hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions_wider (id) ON DELETE CASCADE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER
) STRICT;
INSERT INTO refresh_tokens_wider SELECT * FROM refresh_tokens;

DROP TABLE refresh_tokens;
DROP TABLE sessions;
ALTER TABLE sessions_wider RENAME TO sessions;
ALTER TABLE refresh_tokens_wider RENAME TO refresh_tokens;
CREATE INDEX sessions_by_account ON sessions (account_id, created_at_ms);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE account_mails_wider (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN (
    'verification', 'already_registered', 'password_reset', 'password_changed', 'factors_changed', 'unlock', 'new_device')),
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

-- What an account's one-time codes are counted by. The secret is sealed with a key derived from KEY_ENCRYPTION_KEY. `tries` are the
-- codes offered since `tries_since_ms` without a right one among them: six digits are guessed in a million.
CREATE TABLE account_factors (
  account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  sealed_totp_secret TEXT,
  totp_asked_at_ms INTEGER,
  totp_confirmed_at_ms INTEGER,
  -- The last 30 seconds whose code was taken (RFC 6238, 5.2): none is taken twice, and none before it.
  last_totp_step INTEGER NOT NULL DEFAULT -1,
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  tries_since_ms INTEGER NOT NULL DEFAULT 0,
  CHECK ((sealed_totp_secret IS NULL) = (totp_asked_at_ms IS NULL)),
  CHECK (totp_confirmed_at_ms IS NULL OR sealed_totp_secret IS NOT NULL)
) STRICT;

CREATE TABLE recovery_codes (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER,
  PRIMARY KEY (account_id, hash)
) STRICT;

-- WebAuthn credentials. Ids and public keys are base64url; the key is a COSE key (RFC 9052).
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  credential_id TEXT NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 16 AND 1400),
  public_key TEXT NOT NULL,
  sign_count INTEGER NOT NULL CHECK (sign_count >= 0),
  transports TEXT NOT NULL CHECK (json_valid(transports)),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  -- Whether a provider keeps copies of it on other devices.
  backed_up INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER
) STRICT;

CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at_ms);

-- Challenges are derived and stand nowhere, so that asking for one writes nothing; those that were answered are kept until they end.
CREATE TABLE answered_challenges (
  hash TEXT PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX answered_challenges_by_expiry ON answered_challenges (expires_at_ms);

-- Logins whose password was right and that wait for a second factor. Their tokens are derived from the id.
CREATE TABLE mfa_logins (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  audience TEXT NOT NULL,
  organizer_id TEXT,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > created_at_ms),
  used_at_ms INTEGER
) STRICT;

CREATE INDEX mfa_logins_by_account ON mfa_logins (account_id);
CREATE INDEX mfa_logins_by_expiry ON mfa_logins (expires_at_ms);
