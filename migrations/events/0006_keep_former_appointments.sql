-- When and where an event on sale was to be before it was moved: what those who had ordered by then are told. Written by the change
-- itself, whichever it is.
CREATE TABLE former_appointments (
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  -- The version by which the event was moved, and when that was.
  until_version INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  timezone TEXT NOT NULL,
  venue TEXT NOT NULL,
  address TEXT NOT NULL,
  city TEXT NOT NULL,
  country TEXT NOT NULL,
  PRIMARY KEY (event_id, until_version)
) STRICT, WITHOUT ROWID;

-- The point on the map is not among them: nobody sets out otherwise when a pin is put right. Fifty are kept.
-- What an event was stands for everybody until the change is written here, which may be long after it was asked for: where a crash left it
-- half-way, the sweep writes it. Whoever ordered by then had the old date before him.
CREATE TRIGGER events_moved AFTER UPDATE ON events
WHEN OLD.status = 'published' AND NEW.status = 'published'
  AND (OLD.start_ms, OLD.end_ms, OLD.timezone, OLD.venue, OLD.address, OLD.city, OLD.country)
    IS NOT (NEW.start_ms, NEW.end_ms, NEW.timezone, NEW.venue, NEW.address, NEW.city, NEW.country)
BEGIN
  INSERT INTO former_appointments (event_id, until_version, until_ms, start_ms, end_ms, timezone, venue, address, city, country)
  VALUES (OLD.id, NEW.version, CAST(unixepoch('subsec') * 1000 AS INTEGER), OLD.start_ms, OLD.end_ms, OLD.timezone, OLD.venue, OLD.address,
    OLD.city, OLD.country);
  DELETE FROM former_appointments WHERE event_id = OLD.id AND until_version <=
    (SELECT until_version FROM former_appointments WHERE event_id = OLD.id ORDER BY until_version DESC LIMIT 1 OFFSET 50);
END;
