/**
 * The object's tables for seats, one step of its schema: never edited once it has shipped. The statements are checked as the steps in
 * `migrations.ts` are.
 */
export const SEAT_SCHEMA = `
  -- Seat maps that are laid beside the event; the one that the event sells by is named in its terms.
  CREATE TABLE seat_maps (
    number INTEGER PRIMARY KEY AUTOINCREMENT CHECK (number > 0),
    id TEXT NOT NULL UNIQUE,
    parts INTEGER NOT NULL CHECK (parts > 0),
    is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1))
  ) STRICT;
  CREATE UNIQUE INDEX seat_maps_active ON seat_maps (is_active) WHERE is_active = 1;

  CREATE TABLE seat_map_parts (
    map INTEGER NOT NULL REFERENCES seat_maps (number),
    part INTEGER NOT NULL CHECK (part >= 0),
    PRIMARY KEY (map, part)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE seat_categories (
    number INTEGER PRIMARY KEY,
    map INTEGER NOT NULL,
    id TEXT NOT NULL,
    seats INTEGER NOT NULL CHECK (seats >= 0),
    UNIQUE (map, id)
  ) STRICT;

  CREATE TABLE seat_sections (
    number INTEGER PRIMARY KEY,
    map INTEGER NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (map, id)
  ) STRICT;

  -- A map's categories, sections and segments have the numbers of one range each, by which they go when the map goes. Segments are
  -- numbered in the map's order, so that near numbers are near rows. What changes with each sale stands in a table of its own.
  CREATE TABLE seat_segments (
    number INTEGER PRIMARY KEY,
    category INTEGER NOT NULL,
    section INTEGER NOT NULL,
    whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
    first_x REAL NOT NULL,
    first_y REAL NOT NULL,
    last_x REAL NOT NULL,
    last_y REAL NOT NULL,
    kinds TEXT NOT NULL CHECK (length(kinds) BETWEEN 1 AND 500),
    distances TEXT NOT NULL CHECK (json_valid(distances)),
    -- What a ticket says before the seat's own label.
    label TEXT NOT NULL,
    -- [id, label] of each seat, and the id of the seat that it is a companion of.
    seats TEXT NOT NULL CHECK (json_valid(seats))
  ) STRICT;

  CREATE TABLE seat_states (
    segment INTEGER PRIMARY KEY,
    -- A letter a seat: free, held, sold, blocked.
    states TEXT NOT NULL CHECK (states NOT GLOB '*[^fhsb]*')
  ) STRICT;

  CREATE TABLE seats (
    map INTEGER NOT NULL,
    id TEXT NOT NULL,
    segment INTEGER NOT NULL,
    place INTEGER NOT NULL CHECK (place >= 0),
    PRIMARY KEY (map, id)
  ) STRICT, WITHOUT ROWID;

  -- The guard against selling a seat twice: whoever has a seat has its one row here.
  CREATE TABLE seat_owners (
    seat_id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('held', 'sold', 'blocked')),
    -- The id of the hold or of the ticket.
    owner TEXT CHECK ((owner IS NULL) = (state = 'blocked')),
    reason TEXT
  ) STRICT, WITHOUT ROWID;

  -- Of every run of free neighbours the best place for so many people; in this order the first row of a size is the best of all.
  CREATE TABLE seat_windows (
    category INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size BETWEEN 1 AND 20),
    orphans INTEGER NOT NULL CHECK (orphans BETWEEN 0 AND 2),
    distance INTEGER NOT NULL CHECK (distance >= 0),
    segment INTEGER NOT NULL,
    first INTEGER NOT NULL,
    run_first INTEGER NOT NULL,
    run_length INTEGER NOT NULL CHECK (run_length >= size),
    section INTEGER NOT NULL,
    PRIMARY KEY (category, whole, size, orphans, distance, segment, first)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seat_windows_section ON seat_windows (section, category, whole, size, orphans, distance);

  -- Segments with free places for wheelchairs, which are few, by the nearest of them.
  CREATE TABLE accessible_segments (
    category INTEGER NOT NULL,
    distance INTEGER NOT NULL CHECK (distance >= 0),
    segment INTEGER NOT NULL UNIQUE,
    section INTEGER NOT NULL,
    PRIMARY KEY (category, distance, segment)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accessible_segments_section ON accessible_segments (section, category, distance);

  ALTER TABLE tickets ADD COLUMN seat_id TEXT;
  ALTER TABLE tickets ADD COLUMN seat_label TEXT CHECK ((seat_label IS NULL) = (seat_id IS NULL));
  CREATE UNIQUE INDEX tickets_seat ON tickets (seat_id) WHERE seat_id IS NOT NULL AND status <> 'void';
`;
