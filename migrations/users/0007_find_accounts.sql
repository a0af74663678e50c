-- Admins look for people by the beginning of a name or an address, by role and by status. The keys are folded: small letters without
-- accents. A name whose key is null was projected by a version that kept none; the sweep folds it.
ALTER TABLE accounts ADD COLUMN mfa_enabled INTEGER NOT NULL DEFAULT 0 CHECK (mfa_enabled IN (0, 1));
ALTER TABLE accounts ADD COLUMN name_key TEXT;
ALTER TABLE accounts ADD COLUMN email_key TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL;

CREATE INDEX accounts_unfolded ON accounts (id) WHERE name_key IS NULL;

-- One for each choice of filters, in the order of the pages, so that a page reads what it shows.
CREATE INDEX accounts_by_email ON accounts (email_key, id);
CREATE INDEX accounts_by_role_email ON accounts (role, email_key, id);
CREATE INDEX accounts_by_status_email ON accounts (status, email_key, id);
CREATE INDEX accounts_by_role_status_email ON accounts (role, status, email_key, id);
CREATE INDEX accounts_by_name ON accounts (name_key, id);
CREATE INDEX accounts_by_role_name ON accounts (role, name_key, id);
CREATE INDEX accounts_by_status_name ON accounts (status, name_key, id);
CREATE INDEX accounts_by_role_status_name ON accounts (role, status, name_key, id);

-- Why an account was suspended, deleted or let in again. Written before auth is asked, so that no change goes without its reason;
-- `applied_version` is the account's version that it made, null while the answer is not known, and where auth refused it is deleted.
CREATE TABLE status_changes (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'deleted')),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  actor_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  applied_version INTEGER
) STRICT;

CREATE INDEX status_changes_by_user ON status_changes (user_id, created_at_ms, id);
