-- When the first was heard of those changes that this one tells with itself; NULL: it tells of one thing.
ALTER TABLE deliveries ADD COLUMN heard_at_ms INTEGER;
