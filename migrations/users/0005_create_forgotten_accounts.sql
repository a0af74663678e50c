-- Registrations that auth has forgotten. Who asked auth before that and writes after it must not bring a name and an address back.
-- No personal data: an id that nobody has any more. Kept for as long as one delivery may take.
CREATE TABLE forgotten_accounts (
  id TEXT PRIMARY KEY,
  forgotten_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX forgotten_accounts_by_age ON forgotten_accounts (forgotten_at_ms);
