-- Events that were moved, and how far those who had ordered have been told of the newest move, page by page behind a cursor.
CREATE TABLE moved_events (
  event_id TEXT PRIMARY KEY,
  -- The event's own at its newest move, and when that was.
  version INTEGER NOT NULL CHECK (version >= 1),
  moved_at_ms INTEGER NOT NULL,
  -- When the first was heard of those moves that are told as one.
  heard_at_ms INTEGER NOT NULL,
  cursor TEXT,
  due_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX moved_events_due ON moved_events (due_at_ms) WHERE finished_at_ms IS NULL;
