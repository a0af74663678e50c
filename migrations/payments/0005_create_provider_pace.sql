-- How fast a provider may be asked, and whether it was asked for a payment at all.

-- The next moment at which an endpoint may be called, by any isolate. It stands in the first shard's database alone.
CREATE TABLE provider_pace (
  endpoint TEXT PRIMARY KEY,
  next_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- NULL: nobody has asked the provider for this payment's money yet, for certain; it waits for its turn. Set before the first call.
ALTER TABLE payments ADD COLUMN asked_at_ms INTEGER;
UPDATE payments SET asked_at_ms = created_at_ms;
CREATE INDEX payments_unasked ON payments (next_try_at_ms) WHERE state = 'initiated' AND asked_at_ms IS NULL;
