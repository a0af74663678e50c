CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  envelope TEXT NOT NULL CHECK (json_valid(envelope)),
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_age ON outbox (created_at_ms);

-- Makes a batch whose compare-and-set changed nothing fail as a whole.
CREATE TABLE guard (
  ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)
) STRICT;
