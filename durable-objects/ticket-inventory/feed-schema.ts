/** Who listens to the event's stock, and what was told them. */
export const FEED_SCHEMA = `
  CREATE TABLE feed_shards (
    shard INTEGER PRIMARY KEY CHECK (shard BETWEEN 0 AND 15),
    registration INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE feed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Of what was counted last, as JSON.
    version INTEGER NOT NULL CHECK (version >= 0),
    told TEXT NOT NULL CHECK (json_valid(told)),
    -- The version that every shard has heard; below the other while news is on its way.
    settled_version INTEGER NOT NULL CHECK (settled_version <= version),
    registrations INTEGER NOT NULL
  ) STRICT;
  INSERT INTO feed (id, version, told, settled_version, registrations) VALUES (1, 0, 'null', 0, 0);
`;
