-- A mailbox that takes nothing holds up only what it should get: who has a message already is noted, and the next try waits longer
-- each time.
ALTER TABLE outbox ADD COLUMN sent_to TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sent_to));
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0);
ALTER TABLE outbox ADD COLUMN next_try_at_ms INTEGER NOT NULL DEFAULT 0;

DROP INDEX outbox_by_age;
CREATE INDEX outbox_by_turn ON outbox (next_try_at_ms, created_at_ms);
