-- Where a session was opened, as its owner may recognize it: neither an address nor the client's whole text.
ALTER TABLE sessions ADD COLUMN device TEXT CHECK (length(device) <= 64);
ALTER TABLE sessions ADD COLUMN place TEXT CHECK (length(place) <= 128);

-- Ended sessions ('sid') and accounts that are not what they were ('sub') on their way to the deny list.
CREATE TABLE pending_denials (
  id TEXT PRIMARY KEY,
  claim TEXT NOT NULL CHECK (claim IN ('sub', 'sid')),
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX pending_denials_by_age ON pending_denials (created_at_ms);

-- A key is published before it signs: one that is not retired signs, and one waits.
ALTER TABLE signing_keys ADD COLUMN signs INTEGER NOT NULL DEFAULT 1 CHECK (signs IN (0, 1));
ALTER TABLE signing_keys ADD COLUMN signs_from_ms INTEGER NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_from_ms = created_at_ms;
DROP INDEX signing_keys_one_signs;
CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys (signs) WHERE retired_at_ms IS NULL;
