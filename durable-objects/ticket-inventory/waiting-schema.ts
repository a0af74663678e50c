/** Who waits for tickets. An entry that was offered some has a hold, and what became of the offer stands in the hold alone. */
export const WAITING_SCHEMA = `
  CREATE TABLE waiting_entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    -- HMAC of the normalized mail address: one entry a person.
    person_key TEXT NOT NULL,
    user_id TEXT,
    -- Gone with the entry when somebody leaves.
    email TEXT,
    name TEXT,
    -- BCP 47, as he was read to when he joined.
    language TEXT NOT NULL,
    -- JSON: the quantity, and the acceptable ticket types in the order of his wish.
    wish TEXT NOT NULL CHECK (json_valid(wish)),
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
    status TEXT NOT NULL CHECK (status IN ('waiting', 'offered', 'removed', 'ended')),
    joined_at_ms INTEGER NOT NULL,
    hold_id TEXT UNIQUE REFERENCES holds (id),
    offered_at_ms INTEGER,
    accepted_at_ms INTEGER,
    CHECK (status <> 'offered' OR hold_id IS NOT NULL),
    CHECK ((hold_id IS NULL) = (offered_at_ms IS NULL)),
    CHECK (email IS NOT NULL OR status = 'removed')
  ) STRICT;
  CREATE UNIQUE INDEX waiting_once ON waiting_entries (person_key) WHERE status = 'waiting';
  -- Whose turn it is among those of one wish: the first of each is found by a seek, however many wait.
  CREATE INDEX waiting_turns ON waiting_entries (wish, priority DESC, number) WHERE status = 'waiting';
  CREATE INDEX waiting_person ON waiting_entries (person_key);
  CREATE INDEX waiting_user ON waiting_entries (user_id, number) WHERE user_id IS NOT NULL;
`;

/**
 * The table once more: a guest waits from when he has opened the link in his mail, and the address of an entry that is over may go,
 * whatever became of it.
 */
export const CONFIRMED_WAITING_SCHEMA = `
  CREATE TABLE waiting_entries_anew (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    person_key TEXT NOT NULL,
    user_id TEXT,
    -- Gone with the entry when somebody leaves.
    email TEXT,
    name TEXT,
    language TEXT NOT NULL,
    wish TEXT NOT NULL CHECK (json_valid(wish)),
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
    status TEXT NOT NULL CHECK (status IN ('unconfirmed', 'waiting', 'offered', 'removed', 'ended')),
    joined_at_ms INTEGER NOT NULL,
    hold_id TEXT UNIQUE REFERENCES holds (id),
    offered_at_ms INTEGER,
    accepted_at_ms INTEGER,
    CHECK (status <> 'offered' OR hold_id IS NOT NULL),
    CHECK ((hold_id IS NULL) = (offered_at_ms IS NULL)),
    CHECK (email IS NOT NULL OR status NOT IN ('unconfirmed', 'waiting'))
  ) STRICT;
  INSERT INTO waiting_entries_anew SELECT number, id, person_key, user_id, email, name, language, wish, priority, status, joined_at_ms,
    hold_id, offered_at_ms, accepted_at_ms FROM waiting_entries;
  DROP TABLE waiting_entries;
  ALTER TABLE waiting_entries_anew RENAME TO waiting_entries;
  CREATE UNIQUE INDEX waiting_once ON waiting_entries (person_key) WHERE status = 'waiting';
  CREATE INDEX waiting_turns ON waiting_entries (wish, priority DESC, number) WHERE status = 'waiting';
  CREATE INDEX waiting_person ON waiting_entries (person_key);
  CREATE INDEX waiting_user ON waiting_entries (user_id, number) WHERE user_id IS NOT NULL;
`;

/** When the address and the name go. Null while somebody waits, and once they are gone. */
export const FORGOTTEN_WAITING_SCHEMA = `
  ALTER TABLE waiting_entries ADD COLUMN erase_at_ms INTEGER CHECK (erase_at_ms IS NULL OR (erase_at_ms > 0 AND email IS NOT NULL));
  -- Of those that are over nobody knows since when: a week from now.
  UPDATE waiting_entries SET erase_at_ms = unixepoch('now') * 1000 + 604800000 WHERE status <> 'waiting' AND email IS NOT NULL;
  CREATE INDEX waiting_addresses ON waiting_entries (erase_at_ms) WHERE erase_at_ms > 0;
`;
