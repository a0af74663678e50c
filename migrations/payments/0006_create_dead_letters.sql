-- What no delivery could settle (rule 21): it stays until a replay succeeds or somebody drops it (npm run dead-letters). Written in the
-- first shard only: what is about no shard is about none of them.
CREATE TABLE dead_letters (
  -- The envelope's id, or the hash of a body that is no envelope.
  id TEXT PRIMARY KEY CHECK (length(id) <= 50 AND id NOT GLOB '*[^0-9A-Za-z_-]*'),
  reason TEXT NOT NULL CHECK (reason IN ('unreadable', 'unknown', 'failed')),
  type TEXT,
  dataschema TEXT,
  subject TEXT,
  body TEXT NOT NULL CHECK (json_valid(body)),
  -- What was thrown last; no personal data.
  error TEXT NOT NULL CHECK (length(error) <= 500),
  -- Deliveries and replays.
  attempts INTEGER NOT NULL CHECK (attempts >= 1),
  parked_at_ms INTEGER NOT NULL,
  tried_at_ms INTEGER NOT NULL CHECK (tried_at_ms >= parked_at_ms),
  -- Set by somebody who wants it handled again; the owner's sweep takes it.
  replay_requested_at_ms INTEGER
) STRICT;

CREATE INDEX dead_letters_by_age ON dead_letters (parked_at_ms, id);
CREATE INDEX dead_letters_to_replay ON dead_letters (replay_requested_at_ms) WHERE replay_requested_at_ms IS NOT NULL;
-- Replayed by themselves once the Worker knows their form.
CREATE INDEX dead_letters_unknown ON dead_letters (dataschema) WHERE reason = 'unknown';

-- A mailbox that takes nothing holds up only what it should get: who has a message already is noted, and the next try waits longer
-- each time.
ALTER TABLE outbox ADD COLUMN sent_to TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sent_to));
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0);
ALTER TABLE outbox ADD COLUMN next_try_at_ms INTEGER NOT NULL DEFAULT 0;

DROP INDEX outbox_by_age;
CREATE INDEX outbox_by_turn ON outbox (next_try_at_ms, created_at_ms);
