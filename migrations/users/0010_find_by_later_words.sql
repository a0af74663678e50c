-- Where an account's folded name reads on from its second to its eighth word, so that people are found by each: of "ada king lovelace"
-- there are "king lovelace" and "lovelace". Kept by the triggers from `accounts.name_key`; for people who
-- were here before them the sweep fills it, and nothing else writes here.
CREATE TABLE name_tails (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  -- Of the word that it begins with: the name's second is 1.
  number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 7),
  tail TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

-- As those of `accounts`: one for each choice of filters, in the order of the pages.
CREATE INDEX name_tails_by_tail ON name_tails (tail, account_id);
CREATE INDEX name_tails_by_role_tail ON name_tails (role, tail, account_id);
CREATE INDEX name_tails_by_status_tail ON name_tails (status, tail, account_id);
CREATE INDEX name_tails_by_role_status_tail ON name_tails (role, status, tail, account_id);

-- What a name's words are is said here alone: what stands between blanks and hyphens. The JSON array of them counts and measures them.
CREATE VIEW accounts_name_tails AS
SELECT id AS account_id, number, substr(name_key, 1 + before) AS tail, role, status
FROM (
  SELECT a.id, a.name_key, a.role, a.status, word.key AS number, word.value AS word,
    sum(length(word.value) + 1) OVER (PARTITION BY a.id ORDER BY word.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM accounts a, json_each('[' || replace(replace(json_quote(a.name_key), ' ', '","'), '-', '","') || ']') AS word
)
WHERE number BETWEEN 1 AND 7 AND word <> '';

CREATE TRIGGER accounts_added AFTER INSERT ON accounts WHEN new.name_key IS NOT NULL BEGIN
  INSERT INTO name_tails (account_id, number, tail, role, status)
  SELECT account_id, number, tail, role, status FROM accounts_name_tails WHERE account_id = new.id;
END;

CREATE TRIGGER accounts_changed AFTER UPDATE OF name_key, role, status ON accounts
WHEN new.name_key IS NOT old.name_key OR new.role <> old.role OR new.status <> old.status BEGIN
  DELETE FROM name_tails WHERE account_id = new.id;
  INSERT INTO name_tails (account_id, number, tail, role, status)
  SELECT account_id, number, tail, role, status FROM accounts_name_tails WHERE account_id = new.id;
END;

-- How far the sweep has come through the accounts that were here before the triggers, in the order of their ids: the last one that it
-- did, and no row once it is through.
CREATE TABLE name_tails_progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  after_id TEXT NOT NULL
) STRICT;

INSERT INTO name_tails_progress (id, after_id) VALUES (1, '');

-- Decisions whose outcome nobody knows yet: the sweep asks auth.
CREATE INDEX status_changes_unsettled ON status_changes (created_at_ms, id) WHERE applied_version IS NULL;
