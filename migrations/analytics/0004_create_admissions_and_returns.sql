-- How many were let in, by the quarter of an hour in which they were, as the event's object told it last.
CREATE TABLE admissions (
  event_id TEXT NOT NULL,
  quarter_starts_at_ms INTEGER NOT NULL CHECK (quarter_starts_at_ms % 900000 = 0),
  -- The event's admissions count their own; an older one changes nothing.
  version INTEGER NOT NULL CHECK (version >= 1),
  admitted INTEGER NOT NULL CHECK (admitted >= 0),
  PRIMARY KEY (event_id, quarter_starts_at_ms)
) STRICT, WITHOUT ROWID;

-- Money that was paid back and came back: beside the refunds, so that each fact stands at its own time.
ALTER TABLE refunds ADD COLUMN returned_tickets INTEGER NOT NULL DEFAULT 0 CHECK (returned_tickets >= 0);
ALTER TABLE refunds ADD COLUMN returned_minor INTEGER NOT NULL DEFAULT 0 CHECK (returned_minor >= 0);

-- A refund may be paid, come back and be paid again. Each of these counts once for ever, known by the refund's version. Those counted
-- before their versions were kept have version 0, and count no payment again.
CREATE TABLE counted_refund_facts (
  refund_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  event_id TEXT NOT NULL,
  counted_at_ms INTEGER NOT NULL,
  PRIMARY KEY (refund_id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO counted_refund_facts SELECT refund_id, 0, event_id, counted_at_ms FROM counted_refunds;
DROP TABLE counted_refunds;
