-- Each kind of mail is claimed by itself: with a rush of one, the others' were looked for among all of it.
CREATE INDEX deliveries_due_by_type ON deliveries (type, due_at_ms) WHERE status = 'queued';

-- How often a cancelled event's orders were gone through, from the first to the last.
ALTER TABLE cancelled_events ADD COLUMN passes INTEGER NOT NULL DEFAULT 0 CHECK (passes >= 0);
