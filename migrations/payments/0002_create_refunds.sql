-- Refunds, and when what stands half-way is looked after again: each failure moves a row back, so that it does not stand before the others.

ALTER TABLE orders ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN next_try_at_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX orders_by_end;
CREATE INDEX orders_by_end ON orders (max(expires_at_ms, next_try_at_ms)) WHERE state = 'pending' AND total_minor > 0;
CREATE INDEX orders_free ON orders (next_try_at_ms) WHERE state = 'pending' AND total_minor = 0;

ALTER TABLE payments ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN next_try_at_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX payments_unanswered;
CREATE INDEX payments_to_look_up ON payments (next_try_at_ms) WHERE state IN ('initiated', 'requires_action', 'processing');

-- What a provider's word says besides its fact; an action never with a secret.
ALTER TABLE provider_events ADD COLUMN reference TEXT;
ALTER TABLE provider_events ADD COLUMN next_action TEXT CHECK (next_action IS NULL OR json_valid(next_action));
ALTER TABLE provider_events ADD COLUMN next_try_at_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX provider_events_waiting;
CREATE INDEX provider_events_waiting ON provider_events (next_try_at_ms) WHERE processed_at_ms IS NULL;

-- The payment that the key's first request made: a key that is used again after its day makes another one.
ALTER TABLE answers ADD COLUMN subject_id TEXT;

CREATE TABLE refunds (
  -- The provider's idempotency key: the row stands before the provider is asked.
  id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL REFERENCES payments (id),
  order_id TEXT NOT NULL REFERENCES orders (id),
  -- surplus: the money bought nothing.
  reason TEXT NOT NULL CHECK (reason IN ('surplus')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  reference TEXT,
  failure_code TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
-- Money that bought nothing goes back once.
CREATE UNIQUE INDEX refunds_of_surplus ON refunds (payment_id) WHERE reason = 'surplus';
CREATE INDEX refunds_by_order ON refunds (order_id, created_at_ms);
-- A failed refund is tried again: the money is still owed.
CREATE INDEX refunds_waiting ON refunds (next_try_at_ms) WHERE state IN ('pending', 'failed');
