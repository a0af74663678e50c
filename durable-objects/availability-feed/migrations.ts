import type { SchemaSteps } from "../../shared/durable/migrations";

/** Append only. */
export const FEED_SCHEMA: SchemaSteps = [
  `
  -- Who this object is: an alarm does not say it. The number of its registration with the event's stock, null once it has given it back.
  CREATE TABLE feed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    event_id TEXT NOT NULL,
    shard INTEGER NOT NULL CHECK (shard >= 0),
    registration INTEGER
  ) STRICT;
  `,
];
