-- Where long walks stand, so that no isolate begins them again.

-- How often all orders of a cancelled event were passed over for those that could not be finished: each time after a longer pause.
ALTER TABLE event_refunds ADD COLUMN passes INTEGER NOT NULL DEFAULT 0 CHECK (passes >= 0);

-- The last payment whose order was held against the ledger; the walk begins anew behind the newest.
CREATE TABLE ledger_checks (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  after_rowid INTEGER NOT NULL CHECK (after_rowid >= 0)
) STRICT;
