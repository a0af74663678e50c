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
  `
  -- Wrong passwords are in a row until a right one now: locks and first_lock_ms are older versions'.
  ALTER TABLE tries ADD COLUMN forget_at_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE tries SET forget_at_ms = max(since_ms, first_lock_ms) + 86400000;
  `,
];
