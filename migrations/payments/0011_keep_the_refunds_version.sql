-- A refund may be paid, come back and be paid again: as which version of it each was told, so that it can be told again in the same words.
-- NULL for other facts, and for those that were posted before.
ALTER TABLE ledger_transactions ADD COLUMN refund_version INTEGER
  CHECK (refund_version IS NULL OR fact IN ('refund_paid', 'refund_returned'));
