-- An order counts once for ever: its row stands in the same batch as what it adds.
CREATE TABLE counted_orders (
  order_id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  counted_at_ms INTEGER NOT NULL
) STRICT;

-- Sales by quarter of an hour, because every zone's offset is a multiple of that: hours and days of any zone are sums of rows, also
-- when an event's zone is put right after its first sale.
CREATE TABLE sales (
  event_id TEXT NOT NULL,
  quarter_starts_at_ms INTEGER NOT NULL CHECK (quarter_starts_at_ms % 900000 = 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  orders INTEGER NOT NULL CHECK (orders >= 0),
  tickets INTEGER NOT NULL CHECK (tickets >= 0),
  revenue_minor INTEGER NOT NULL,
  PRIMARY KEY (event_id, quarter_starts_at_ms, currency)
) STRICT;
