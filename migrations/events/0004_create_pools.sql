-- Pools that an organizer makes beside those that are there by themselves (the event's capacity, each type's quantity): shared ones,
-- and allocations, which keep tickets back within other pools.
CREATE TABLE pools (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('shared', 'allocation')),
  -- An allocation of which everything was released stays, with nothing.
  capacity INTEGER NOT NULL CHECK (capacity >= 0),
  -- JSON array: the event's id, types' ids or shared pools'.
  within_pool_ids TEXT NOT NULL CHECK (json_valid(within_pool_ids)),
  position INTEGER NOT NULL CHECK (position >= 0),
  -- The event's version at this pool's last change.
  version INTEGER NOT NULL CHECK (version >= 1),
  CONSTRAINT allocation_within_something CHECK ((kind = 'allocation') = (json_array_length(within_pool_ids) > 0))
) STRICT;
CREATE INDEX pools_of_event ON pools (event_id, position, id);

-- From its placing a hold may be extended so far; NULL: three times `hold_seconds`, at most three hours.
ALTER TABLE events ADD COLUMN max_hold_seconds INTEGER CHECK (max_hold_seconds BETWEEN 1 AND 10800);
-- Tickets of all types over all of a person's orders; NULL: no limit.
ALTER TABLE events ADD COLUMN max_per_person INTEGER CHECK (max_per_person >= 1);
ALTER TABLE events ADD COLUMN refuse_orphan_seats INTEGER NOT NULL DEFAULT 0 CHECK (refuse_orphan_seats IN (0, 1));
-- How long an offer to somebody who waits stands.
ALTER TABLE events ADD COLUMN offer_seconds INTEGER NOT NULL DEFAULT 86400 CHECK (offer_seconds BETWEEN 1 AND 604800);

-- JSON array: the pools that the type draws from beside its own and the event's.
ALTER TABLE ticket_types ADD COLUMN pool_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(pool_ids));
ALTER TABLE ticket_types ADD COLUMN opens_after_ticket_type_id TEXT CHECK (opens_after_ticket_type_id <> id);
ALTER TABLE ticket_types ADD COLUMN max_per_person INTEGER CHECK (max_per_person >= 1);
