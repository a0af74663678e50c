-- What happened to an account's safety, for its owner to read. No address: device and place, as its sessions have them.
CREATE TABLE security_events (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  at_ms INTEGER NOT NULL,
  device TEXT CHECK (length(device) <= 64),
  place TEXT CHECK (length(place) <= 128)
) STRICT;

CREATE INDEX security_events_by_account ON security_events (account_id, at_ms, id);
CREATE INDEX security_events_by_age ON security_events (at_ms);
