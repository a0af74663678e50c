-- Seat maps: uploaded once, never changed, used by any number of their organizer's events.
CREATE TABLE seat_maps (
  id TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL,
  name TEXT NOT NULL,
  seats INTEGER NOT NULL CHECK (seats BETWEEN 1 AND 100000),
  -- JSON array of { id, name, color, seats }.
  categories TEXT NOT NULL CHECK (json_valid(categories)),
  -- JSON array of { id, name, seats }.
  sections TEXT NOT NULL CHECK (json_valid(sections)),
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX seat_maps_of_organizer ON seat_maps (organizer_id, created_at_ms, id);

-- The compiled map as JSON, compressed (gzip), in pieces of at most a megabyte: a row may have two.
CREATE TABLE seat_map_pieces (
  seat_map_id TEXT NOT NULL REFERENCES seat_maps (id) ON DELETE CASCADE,
  piece INTEGER NOT NULL CHECK (piece >= 0),
  bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1000000),
  PRIMARY KEY (seat_map_id, piece)
) STRICT;

ALTER TABLE events ADD COLUMN seat_map_id TEXT REFERENCES seat_maps (id);
CREATE INDEX events_of_seat_map ON events (seat_map_id) WHERE seat_map_id IS NOT NULL;
-- JSON array: the categories of that map, which never change, so that a type's can be held against them without the map.
ALTER TABLE events ADD COLUMN seat_categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(seat_categories));
-- JSON array: the categories of seats that the type sells; empty for one without seats.
ALTER TABLE ticket_types ADD COLUMN seat_categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(seat_categories));
