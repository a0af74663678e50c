CREATE TABLE events (
  id TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  category TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  timezone TEXT NOT NULL,
  venue TEXT NOT NULL,
  address TEXT NOT NULL,
  city TEXT NOT NULL,
  country TEXT NOT NULL,
  lat REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
  lng REAL NOT NULL CHECK (lng BETWEEN -180 AND 180),
  capacity INTEGER NOT NULL CHECK (capacity >= 1),
  -- `publishing`: the object may be open already, and the sweep carries on (rule 6).
  status TEXT NOT NULL CHECK (status IN ('draft', 'publishing', 'published', 'cancelled', 'completed')),
  is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
  allow_waitlist INTEGER NOT NULL CHECK (allow_waitlist IN (0, 1)),
  require_approval INTEGER NOT NULL CHECK (require_approval IN (0, 1)),
  refund_policy TEXT NOT NULL,
  hold_seconds INTEGER NOT NULL CHECK (hold_seconds BETWEEN 1 AND 3600),
  cancel_reason TEXT,
  -- Grows with each change of the event or of one of its ticket types; the object's configuration carries the same number.
  version INTEGER NOT NULL CHECK (version >= 1),
  -- Names the change that made this version, so that nobody takes another's change for his own.
  change_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  CONSTRAINT ends_after_start CHECK (end_ms > start_ms),
  CONSTRAINT reason_when_cancelled CHECK ((cancel_reason IS NOT NULL) = (status = 'cancelled'))
) STRICT;
CREATE INDEX events_by_organizer ON events (organizer_id, start_ms, id);
CREATE INDEX events_by_start ON events (start_ms, id);
CREATE INDEX events_in_public ON events (status, start_ms, id) WHERE is_public = 1;
CREATE INDEX events_half_published ON events (updated_at_ms) WHERE status = 'publishing';

CREATE TABLE ticket_types (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
  quantity INTEGER NOT NULL CHECK (quantity >= 1),
  min_per_order INTEGER NOT NULL CHECK (min_per_order >= 1),
  max_per_order INTEGER NOT NULL CHECK (max_per_order >= min_per_order),
  sale_start_ms INTEGER,
  sale_end_ms INTEGER,
  -- In the organizer's order.
  position INTEGER NOT NULL CHECK (position >= 0),
  -- The event's version at this type's last change.
  version INTEGER NOT NULL CHECK (version >= 1),
  CONSTRAINT sale_ends_after_start CHECK (sale_end_ms > sale_start_ms)
) STRICT;
CREATE INDEX ticket_types_of_event ON ticket_types (event_id, position, id);

-- A change of an event on sale that its object is asked about (rule 6): at most one an event, written before the object hears of it,
-- deleted with the change of the tables above, so that a crash in between leaves something to carry on with.
CREATE TABLE event_changes (
  event_id TEXT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
  -- Whose wish this is: who comes back after others have moved on finds another, or none.
  change_id TEXT NOT NULL,
  -- The event and its types as they will stand, JSON.
  wanted TEXT NOT NULL,
  asked_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX event_changes_by_age ON event_changes (asked_at_ms);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  envelope TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_age ON outbox (created_at_ms);

-- The last word of every batch that moves state (rule 16).
CREATE TABLE guard (
  ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)
) STRICT;
