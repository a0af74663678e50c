-- Events that were called off, and how far their buyers have been told: page by page behind a cursor, by whoever comes next.
CREATE TABLE cancelled_events (
  event_id TEXT PRIMARY KEY,
  -- Of the owner's list of orders; NULL: a pass begins at its start.
  cursor TEXT,
  due_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX cancelled_events_due ON cancelled_events (due_at_ms) WHERE finished_at_ms IS NULL;
