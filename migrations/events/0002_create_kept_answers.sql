-- First answers of requests with an Idempotency-Key (rule 20), kept for a day.
CREATE TABLE kept_answers (
  id TEXT PRIMARY KEY,
  request_hash TEXT NOT NULL,
  -- Whose turn it is while there is no answer, and until when.
  lease_token TEXT NOT NULL,
  lease_until_ms INTEGER NOT NULL,
  -- A `Result` as JSON.
  answer TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_answers_by_age ON kept_answers (created_at_ms);
