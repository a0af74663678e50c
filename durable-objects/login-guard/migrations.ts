import type { SchemaSteps } from "../../shared/durable/migrations";

/** Append only. */
export const LOGIN_GUARD_SCHEMA: SchemaSteps = [
  `
  -- Wrong passwords in a row since since_ms, and the locks of the day that began with first_lock_ms.
  CREATE TABLE tries (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    wrong INTEGER NOT NULL CHECK (wrong >= 0),
    since_ms INTEGER NOT NULL,
    blocked_until_ms INTEGER NOT NULL,
    locks INTEGER NOT NULL CHECK (locks >= 0),
    first_lock_ms INTEGER NOT NULL
  ) STRICT;
  `,
];
