-- A refund counts once for ever, also when it was paid a second time because the money came back: its row stands in the same batch as
-- what it takes away.
CREATE TABLE counted_refunds (
  refund_id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  counted_at_ms INTEGER NOT NULL
) STRICT;

-- What was paid back, by the quarter of an hour in which it was. Beside the sales, not out of them: what was sold was sold.
CREATE TABLE refunds (
  event_id TEXT NOT NULL,
  quarter_starts_at_ms INTEGER NOT NULL CHECK (quarter_starts_at_ms % 900000 = 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  tickets INTEGER NOT NULL CHECK (tickets >= 0),
  refunded_minor INTEGER NOT NULL CHECK (refunded_minor >= 0),
  PRIMARY KEY (event_id, quarter_starts_at_ms, currency)
) STRICT;

-- What is left of each ticket type, as the event's object told it last.
CREATE TABLE stock_levels (
  event_id TEXT NOT NULL,
  ticket_type_id TEXT NOT NULL,
  -- The event's stock counts its own; an older one changes nothing.
  version INTEGER NOT NULL CHECK (version >= 1),
  available INTEGER NOT NULL CHECK (available >= 0),
  -- NULL: the type is not counted by itself.
  sold INTEGER CHECK (sold >= 0),
  as_of_ms INTEGER NOT NULL,
  PRIMARY KEY (event_id, ticket_type_id)
) STRICT, WITHOUT ROWID;
