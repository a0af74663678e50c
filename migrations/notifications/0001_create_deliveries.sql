-- What is owed to somebody, once a business key. Who and what is asked of the owners when it is composed: no personal data here.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  business_key TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  source_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'dropped', 'parked')),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  due_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER,
  CHECK ((status = 'queued') = (settled_at_ms IS NULL))
) STRICT;

-- Given up after too many tries, for somebody to look at.
CREATE INDEX deliveries_parked ON deliveries (created_at_ms) WHERE status = 'parked';
CREATE INDEX deliveries_due ON deliveries (due_at_ms) WHERE status = 'queued';

-- Development only: the mails as they would have left, with the people's names and addresses in them.
CREATE TABLE captured_messages (
  id TEXT PRIMARY KEY,
  recipient TEXT NOT NULL,
  message TEXT NOT NULL CHECK (json_valid(message)),
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX captured_messages_by_recipient ON captured_messages (recipient, created_at_ms, id);
CREATE INDEX captured_messages_by_time ON captured_messages (created_at_ms, id);
