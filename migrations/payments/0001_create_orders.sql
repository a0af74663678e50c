-- Orders, their payments and what providers said. One such database a shard; an id's last byte names it.
-- Times are milliseconds since 1970, money is in the currency's minor unit.

CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  organizer_id TEXT NOT NULL,
  -- One order a hold, here as in the event's object.
  hold_id TEXT NOT NULL UNIQUE,
  -- NULL: bought by a guest, who has the order's token.
  user_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'expired', 'cancelled', 'paid', 'late_paid', 'cancelled_paid', 'partially_refunded', 'refunded')),
  -- Grows with each change of state; messages carry it.
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  -- A token of another version no longer opens the order.
  token_version INTEGER NOT NULL DEFAULT 1 CHECK (token_version >= 1),
  request_hash TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  subtotal_minor INTEGER NOT NULL CHECK (subtotal_minor >= 0),
  discount_minor INTEGER NOT NULL CHECK (discount_minor BETWEEN 0 AND subtotal_minor),
  fees_minor INTEGER NOT NULL CHECK (fees_minor >= 0),
  tax_minor INTEGER NOT NULL CHECK (tax_minor >= 0),
  total_minor INTEGER NOT NULL CHECK (total_minor = subtotal_minor - discount_minor + fees_minor + tax_minor),
  buyer_email TEXT NOT NULL,
  buyer_name TEXT NOT NULL,
  -- JSON array of { name, email } in the order of the tickets; whoever is missing is the buyer.
  attendees TEXT NOT NULL CHECK (json_valid(attendees)),
  -- The end that the first answer named; a repeated request hears it again.
  placed_until_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  paid_at_ms INTEGER,
  CHECK (state NOT IN ('paid', 'partially_refunded') OR paid_at_ms IS NOT NULL)
) STRICT;
CREATE INDEX orders_by_user ON orders (user_id, created_at_ms, id) WHERE user_id IS NOT NULL;
CREATE INDEX orders_by_event ON orders (event_id, created_at_ms, id);
CREATE INDEX orders_by_end ON orders (expires_at_ms) WHERE state = 'pending';

CREATE TABLE order_lines (
  order_id TEXT NOT NULL REFERENCES orders (id),
  position INTEGER NOT NULL CHECK (position >= 0),
  ticket_type_id TEXT NOT NULL,
  name TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity >= 1),
  unit_price_minor INTEGER NOT NULL CHECK (unit_price_minor >= 0),
  PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  order_id TEXT NOT NULL REFERENCES orders (id),
  provider TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('initiated', 'requires_action', 'processing', 'succeeded', 'failed', 'refunded', 'partially_refunded')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  -- The provider's own name of it, once known.
  reference TEXT,
  -- JSON, never a secret.
  next_action TEXT CHECK (next_action IS NULL OR json_valid(next_action)),
  failure_code TEXT,
  -- JSON: what the buyer chose to pay with, by the provider's token; never a card's data.
  method TEXT NOT NULL CHECK (json_valid(method)),
  return_url TEXT,
  -- 1: the money came and bought nothing (too late, after a cancellation, a second time); it is owed back.
  is_surplus INTEGER NOT NULL DEFAULT 0 CHECK (is_surplus IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
-- At most one payment of an order is under way. A succeeded one is not counted: a second success is a fact to record, not to refuse.
CREATE UNIQUE INDEX payments_live ON payments (order_id) WHERE state IN ('initiated', 'requires_action', 'processing');
CREATE INDEX payments_by_order ON payments (order_id, created_at_ms);
CREATE INDEX payments_unanswered ON payments (updated_at_ms) WHERE state = 'initiated';
CREATE INDEX payments_owed_back ON payments (updated_at_ms) WHERE is_surplus = 1 AND state = 'succeeded';

-- What providers said, each event once for ever: the primary key is the dedupe.
CREATE TABLE provider_events (
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  fact TEXT NOT NULL CHECK (fact IN ('payment_action_required', 'payment_processing', 'payment_succeeded', 'payment_failed')),
  failure_code TEXT,
  body_hash TEXT NOT NULL,
  -- NULL where the word came as the answer to our own call.
  body TEXT CHECK (body IS NULL OR length(body) <= 65536),
  received_at_ms INTEGER NOT NULL,
  -- NULL: stored and not yet counted; the sweep takes it up.
  processed_at_ms INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, event_id)
) STRICT;
CREATE INDEX provider_events_waiting ON provider_events (received_at_ms) WHERE processed_at_ms IS NULL;

-- First answers of requests with an Idempotency-Key, for those that no other row can answer again.
CREATE TABLE answers (
  id TEXT PRIMARY KEY,
  request_hash TEXT NOT NULL,
  -- Who works on it, and until when he is believed to.
  lease_token TEXT NOT NULL,
  lease_until_ms INTEGER NOT NULL,
  status INTEGER CHECK (status IN (200, 201, 202, 409, 422)),
  body TEXT CHECK (body IS NULL OR json_valid(body)),
  created_at_ms INTEGER NOT NULL,
  CHECK ((status IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (created_at_ms);

-- The provider `test` keeps its timers here, so that a kill delays them and loses none. Empty anywhere but in development.
CREATE TABLE test_deliveries (
  -- The event's id in the webhook.
  id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('payment.processing', 'payment.succeeded', 'payment.failed')),
  failure_code TEXT,
  due_at_ms INTEGER NOT NULL,
  -- Of the running server, on the loopback address.
  port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
  attempts INTEGER NOT NULL DEFAULT 0,
  delivered_at_ms INTEGER
) STRICT;
CREATE INDEX test_deliveries_due ON test_deliveries (due_at_ms) WHERE delivered_at_ms IS NULL;
CREATE INDEX test_deliveries_by_payment ON test_deliveries (payment_id);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  envelope TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_age ON outbox (created_at_ms);

CREATE TABLE guard (
  ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)
) STRICT;
