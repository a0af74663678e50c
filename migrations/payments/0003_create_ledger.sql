-- The double-entry ledger, refunds of every kind, and what providers say of refunds.

-- A transaction's entries come first, its own row seals them: what does not balance is refused there, and nothing is written twice,
-- changed or taken away afterwards. Debits are positive, credits negative.
CREATE TABLE ledger_entries (
  transaction_id TEXT NOT NULL REFERENCES ledger_transactions (id) DEFERRABLE INITIALLY DEFERRED,
  position INTEGER NOT NULL CHECK (position >= 0),
  organizer_id TEXT NOT NULL,
  account TEXT NOT NULL CHECK (account IN ('provider_clearing', 'organizer_payable', 'tax_payable', 'platform_revenue', 'buyer_refunds')),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
  PRIMARY KEY (transaction_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_entries_by_account ON ledger_entries (organizer_id, currency, account, amount_minor);

CREATE TABLE ledger_transactions (
  id TEXT PRIMARY KEY,
  fact TEXT NOT NULL CHECK (fact IN ('sale', 'fee', 'late_payment', 'refund', 'refund_paid', 'refund_returned')),
  organizer_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  order_id TEXT NOT NULL REFERENCES orders (id),
  payment_id TEXT NOT NULL REFERENCES payments (id),
  -- Of the facts about a refund alone.
  refund_id TEXT,
  provider TEXT NOT NULL,
  posted_at_ms INTEGER NOT NULL,
  CHECK ((refund_id IS NOT NULL) = (fact IN ('refund', 'refund_paid', 'refund_returned')))
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_transactions_by_organizer ON ledger_transactions (organizer_id, posted_at_ms, id);
CREATE INDEX ledger_transactions_by_order ON ledger_transactions (order_id, posted_at_ms);
-- What the ledger is checked against: an organizer's orders with their payments and refunds.
CREATE INDEX orders_by_organizer ON orders (organizer_id);

CREATE TRIGGER ledger_entries_sealed BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id)
BEGIN SELECT RAISE(ABORT, 'ledger_sealed'); END;
-- REPLACE deletes without firing a trigger, so that the insert itself is refused; without rowids there is no other row to replace by.
CREATE TRIGGER ledger_transactions_sealed BEFORE INSERT ON ledger_transactions
WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger_sealed'); END;
CREATE TRIGGER ledger_transactions_balance BEFORE INSERT ON ledger_transactions
WHEN (SELECT count(*) FROM ledger_entries WHERE transaction_id = NEW.id) < 2
  OR EXISTS (SELECT 1 FROM ledger_entries WHERE transaction_id = NEW.id AND organizer_id <> NEW.organizer_id)
  OR EXISTS (SELECT 1 FROM ledger_entries WHERE transaction_id = NEW.id GROUP BY currency HAVING sum(amount_minor) <> 0)
BEGIN SELECT RAISE(ABORT, 'ledger_unbalanced'); END;
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger_is_append_only'); END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger_is_append_only'); END;
CREATE TRIGGER ledger_transactions_no_update BEFORE UPDATE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'ledger_is_append_only'); END;
CREATE TRIGGER ledger_transactions_no_delete BEFORE DELETE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'ledger_is_append_only'); END;

-- What was taken and given back before there was a ledger.
INSERT INTO ledger_entries (transaction_id, position, organizer_id, account, currency, amount_minor)
SELECT p.id, side.value, o.organizer_id, CASE side.value WHEN 0 THEN 'provider_clearing'
    ELSE iif(p.is_surplus = 1, 'buyer_refunds', 'organizer_payable') END, p.currency, iif(side.value = 0, p.amount_minor, -p.amount_minor)
FROM payments p JOIN orders o ON o.id = p.order_id JOIN json_each('[0, 1]') side
WHERE p.state IN ('succeeded', 'partially_refunded', 'refunded');
INSERT INTO ledger_transactions (id, fact, organizer_id, event_id, order_id, payment_id, provider, posted_at_ms)
SELECT p.id, iif(p.is_surplus = 1, 'late_payment', 'sale'), o.organizer_id, o.event_id, o.id, p.id, p.provider, p.updated_at_ms
FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.state IN ('succeeded', 'partially_refunded', 'refunded');
INSERT INTO ledger_entries (transaction_id, position, organizer_id, account, currency, amount_minor)
SELECT r.id, side.value, o.organizer_id, iif(side.value = 0, 'buyer_refunds', 'provider_clearing'), r.currency,
  iif(side.value = 0, r.amount_minor, -r.amount_minor)
FROM refunds r JOIN orders o ON o.id = r.order_id JOIN json_each('[0, 1]') side WHERE r.state = 'succeeded';
INSERT INTO ledger_transactions (id, fact, organizer_id, event_id, order_id, payment_id, refund_id, provider, posted_at_ms)
SELECT r.id, 'refund_paid', o.organizer_id, o.event_id, o.id, r.payment_id, r.id, p.provider, r.updated_at_ms
FROM refunds r JOIN orders o ON o.id = r.order_id JOIN payments p ON p.id = r.payment_id WHERE r.state = 'succeeded';

-- What is promised back, whatever became of the refund: two refunds at once cannot promise more than was paid.
ALTER TABLE payments ADD COLUMN refunded_minor INTEGER NOT NULL DEFAULT 0
  CONSTRAINT refund_within_payment CHECK (refunded_minor BETWEEN 0 AND amount_minor);
-- What is back.
ALTER TABLE payments ADD COLUMN returned_minor INTEGER NOT NULL DEFAULT 0
  CONSTRAINT returned_within_refunded CHECK (returned_minor BETWEEN 0 AND refunded_minor);
UPDATE payments SET refunded_minor = amount_minor WHERE EXISTS (SELECT 1 FROM refunds WHERE payment_id = payments.id);
UPDATE payments SET returned_minor = amount_minor
WHERE EXISTS (SELECT 1 FROM refunds WHERE payment_id = payments.id AND state = 'succeeded');

CREATE TABLE refunds_of_every_kind (
  -- The provider's idempotency key derives from it: the row stands before the provider is asked.
  id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL REFERENCES payments (id),
  order_id TEXT NOT NULL REFERENCES orders (id),
  -- surplus: the money bought nothing.
  reason TEXT NOT NULL CHECK (reason IN ('surplus', 'requested', 'event_cancelled')),
  -- What the organizer wrote; nothing is sent of it.
  note TEXT,
  -- Who asked; NULL where the house did.
  requested_by TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  -- JSON array of the tickets that this refund voids; NULL: all that the order has.
  ticket_ids TEXT CHECK (ticket_ids IS NULL OR json_valid(ticket_ids)),
  -- NULL: the object has not voided them yet, and the provider must not be asked (rule 12).
  voided_at_ms INTEGER,
  reference TEXT,
  failure_code TEXT,
  -- Grows when the provider has refused for good and is asked anew: part of its idempotency key.
  generation INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO refunds_of_every_kind (id, payment_id, order_id, reason, state, amount_minor, currency, ticket_ids, voided_at_ms, reference,
  failure_code, attempts, next_try_at_ms, created_at_ms, updated_at_ms)
SELECT id, payment_id, order_id, reason, state, amount_minor, currency, '[]', created_at_ms, reference, failure_code, attempts,
  next_try_at_ms, created_at_ms, updated_at_ms FROM refunds;
DROP TABLE refunds;
ALTER TABLE refunds_of_every_kind RENAME TO refunds;
-- Money that bought nothing goes back once.
CREATE UNIQUE INDEX refunds_of_surplus ON refunds (payment_id) WHERE reason = 'surplus';
CREATE INDEX refunds_by_payment ON refunds (payment_id, created_at_ms);
CREATE INDEX refunds_by_order ON refunds (order_id, created_at_ms);
-- A failed refund is tried again: the money is still owed.
CREATE INDEX refunds_waiting ON refunds (next_try_at_ms) WHERE state IN ('pending', 'failed');

-- A ticket is paid back once.
CREATE TABLE refunded_tickets (
  ticket_id TEXT PRIMARY KEY,
  refund_id TEXT NOT NULL REFERENCES refunds (id),
  order_id TEXT NOT NULL REFERENCES orders (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunded_tickets_by_order ON refunded_tickets (order_id);

CREATE TABLE provider_events_of_every_kind (
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  -- NULL where the event is about none of our payments: signed, kept, and nothing to count.
  payment_id TEXT,
  refund_id TEXT,
  fact TEXT CHECK (fact IN ('payment_action_required', 'payment_processing', 'payment_succeeded', 'payment_failed',
    'refund_pending', 'refund_succeeded', 'refund_failed')),
  failure_code TEXT,
  body_hash TEXT NOT NULL,
  -- NULL where the word came as the answer to our own call, and once the archive has it.
  body TEXT CHECK (body IS NULL OR length(body) <= 65536),
  archived_at_ms INTEGER,
  received_at_ms INTEGER NOT NULL,
  -- NULL: stored and not yet counted; the sweep takes it up.
  processed_at_ms INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  reference TEXT,
  next_action TEXT CHECK (next_action IS NULL OR json_valid(next_action)),
  next_try_at_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, event_id),
  CHECK (fact IS NULL OR payment_id IS NOT NULL),
  CHECK ((fact LIKE 'refund%') = (refund_id IS NOT NULL)),
  CHECK (fact IS NOT NULL OR processed_at_ms IS NOT NULL)
) STRICT;
INSERT INTO provider_events_of_every_kind (provider, event_id, type, payment_id, fact, failure_code, body_hash, body, received_at_ms,
  processed_at_ms, attempts, reference, next_action, next_try_at_ms)
SELECT provider, event_id, type, payment_id, fact, failure_code, body_hash, body, received_at_ms, processed_at_ms, attempts, reference,
  next_action, next_try_at_ms FROM provider_events;
DROP TABLE provider_events;
ALTER TABLE provider_events_of_every_kind RENAME TO provider_events;
CREATE INDEX provider_events_waiting ON provider_events (next_try_at_ms) WHERE processed_at_ms IS NULL;
CREATE INDEX provider_events_to_archive ON provider_events (received_at_ms) WHERE body IS NOT NULL AND processed_at_ms IS NOT NULL;
