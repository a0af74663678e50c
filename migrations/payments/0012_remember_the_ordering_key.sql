-- The API key that placed an order: a key is the buyer of its own orders and of no other of its maker's.
ALTER TABLE orders ADD COLUMN api_key_id TEXT;
