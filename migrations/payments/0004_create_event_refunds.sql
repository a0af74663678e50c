-- Events that were cancelled, and how far their buyers have been paid back.
CREATE TABLE event_refunds (
  event_id TEXT PRIMARY KEY,
  -- The last order that was looked at; a pass over all of them begins before the first.
  after_created_at_ms INTEGER NOT NULL DEFAULT -1,
  after_id TEXT NOT NULL DEFAULT '',
  -- Orders of this pass that could not be finished yet, for which another pass comes.
  left_behind INTEGER NOT NULL DEFAULT 0 CHECK (left_behind >= 0),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX event_refunds_waiting ON event_refunds (next_try_at_ms) WHERE finished_at_ms IS NULL;
-- A payment is paid back for its event once.
CREATE UNIQUE INDEX refunds_of_event ON refunds (payment_id) WHERE reason = 'event_cancelled';
