-- A provider delivers one event several times: the timers of `test` are a row a delivery.

CREATE TABLE repeated_test_deliveries (
  -- The event's id in the webhook.
  event_id TEXT NOT NULL,
  -- Of one event's deliveries, which.
  copy INTEGER NOT NULL CHECK (copy >= 0),
  payment_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('payment.processing', 'payment.succeeded', 'payment.failed')),
  failure_code TEXT,
  due_at_ms INTEGER NOT NULL,
  -- On which the server answered that made the row, on the loopback address; 0: the sweep made it, and does not know.
  port INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
  attempts INTEGER NOT NULL DEFAULT 0,
  -- From when on the sweep may take it: a little before it is due, or after the request that waits for it must have delivered it.
  next_try_at_ms INTEGER NOT NULL,
  delivered_at_ms INTEGER,
  PRIMARY KEY (event_id, copy)
) STRICT;
INSERT INTO repeated_test_deliveries (event_id, copy, payment_id, type, failure_code, due_at_ms, port, attempts, next_try_at_ms,
  delivered_at_ms)
SELECT id, 0, payment_id, type, failure_code, due_at_ms, port, attempts, due_at_ms, delivered_at_ms FROM test_deliveries;
DROP TABLE test_deliveries;
ALTER TABLE repeated_test_deliveries RENAME TO test_deliveries;
CREATE INDEX test_deliveries_waiting ON test_deliveries (next_try_at_ms) WHERE delivered_at_ms IS NULL;
CREATE INDEX test_deliveries_by_payment ON test_deliveries (payment_id);

-- A body that the archive would not take moves back, like everything else that failed.
DROP INDEX provider_events_to_archive;
CREATE INDEX provider_events_to_archive ON provider_events (next_try_at_ms) WHERE body IS NOT NULL AND processed_at_ms IS NOT NULL;

-- Orders that would not be finished, whenever their next turn is: somebody will want to see them.
CREATE INDEX orders_retried ON orders (expires_at_ms) WHERE state = 'pending' AND attempts > 0;
