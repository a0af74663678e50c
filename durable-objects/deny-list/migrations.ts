import type { SchemaSteps } from "../../shared/durable/migrations";

/** Append only. */
export const DENY_LIST_SCHEMA: SchemaSteps = [
  `
  -- Ids of accounts and of sessions are UUIDs, so that no two of them are the same.
  CREATE TABLE denials (
    id TEXT PRIMARY KEY,
    claim TEXT NOT NULL CHECK (claim IN ('sub', 'sid')),
    not_before_ms INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX denials_by_age ON denials (not_before_ms);

  -- One entry for everybody, in the place of all that did not fit.
  CREATE TABLE denied_all (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    not_before_ms INTEGER NOT NULL
  ) STRICT;
  `,
];
