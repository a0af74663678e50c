-- The index anew, in two sets of the same tables: one is searched, the other is filled by a rebuild and takes the first one's names when
-- it is whole (workers/search/rebuild.ts), so that search stays up meanwhile. What stood in the old tables comes back by the rebuild
-- that the last statement asks for.
DROP TABLE events_fts;
DROP TABLE event_documents;

-- What was last heard of each event that was ever announced. One that may not be found has no document, and keeps its version so
-- that an older message does not bring it back.
CREATE TABLE seen_events (
  event_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  doc_id INTEGER UNIQUE
) STRICT, WITHOUT ROWID;

-- What is filtered and sorted by, a row as narrow as can be: a question near a city looks at thousands of them. `doc_id` grows with
-- the start (workers/search/document-ids.ts), so that the order of the index is the order of the calendar.
CREATE TABLE documents (
  doc_id INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  starts_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  -- RFC 3339 full-date of the start, in the event's zone.
  local_day TEXT NOT NULL,
  lat REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
  lng REAL NOT NULL CHECK (lng BETWEEN -180 AND 180),
  -- Of the cheapest ticket; null without any.
  lowest_price_minor INTEGER CHECK (lowest_price_minor >= 0),
  -- 1 once its words say so too, which is some sweeps after its end.
  over INTEGER NOT NULL CHECK (over IN (0, 1))
) STRICT;
CREATE INDEX documents_by_end ON documents (ends_at_ms) WHERE over = 0;

-- The event as the wire shows it, so that a search asks nobody.
CREATE TABLE bodies (
  doc_id INTEGER PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

-- Words come here folded and parted by spaces (workers/search/words.ts), so that SQLite has nothing to decide; `filters` has what is
-- not text, as words with an underscore in them (workers/search/filter-words.ts). Contentless: the texts stand in `bodies`.
CREATE VIRTUAL TABLE words USING fts5 (
  title,
  place,
  description,
  filters,
  content = '',
  contentless_delete = 1,
  detail = 'column',
  tokenize = "ascii tokenchars '_'",
  prefix = '1 2 3 4'
);

-- The vocabulary of titles, venues and cities by the trigrams of each word, for questions with typing errors.
CREATE TABLE word_trigrams (
  trigram TEXT NOT NULL,
  word TEXT NOT NULL,
  PRIMARY KEY (trigram, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE fresh_seen_events (
  event_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  doc_id INTEGER UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE fresh_documents (
  doc_id INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  starts_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  local_day TEXT NOT NULL,
  lat REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
  lng REAL NOT NULL CHECK (lng BETWEEN -180 AND 180),
  lowest_price_minor INTEGER CHECK (lowest_price_minor >= 0),
  over INTEGER NOT NULL CHECK (over IN (0, 1))
) STRICT;
CREATE INDEX fresh_documents_by_end ON fresh_documents (ends_at_ms) WHERE over = 0;

CREATE TABLE fresh_bodies (
  doc_id INTEGER PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE VIRTUAL TABLE fresh_words USING fts5 (
  title,
  place,
  description,
  filters,
  content = '',
  contentless_delete = 1,
  detail = 'column',
  tokenize = "ascii tokenchars '_'",
  prefix = '1 2 3 4'
);

CREATE TABLE fresh_word_trigrams (
  trigram TEXT NOT NULL,
  word TEXT NOT NULL,
  PRIMARY KEY (trigram, word)
) STRICT, WITHOUT ROWID;

-- The rebuild that was asked for last (npm run reindex). The sweep carries it on, a page of events after the other.
CREATE TABLE rebuilds (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  asked_at_ms INTEGER NOT NULL,
  -- Null until the sweep has taken it up.
  started_at_ms INTEGER,
  -- The last event that was read; '' before the first one.
  after_id TEXT NOT NULL DEFAULT '',
  events_read INTEGER NOT NULL DEFAULT 0 CHECK (events_read >= 0),
  finished_at_ms INTEGER,
  CHECK (finished_at_ms IS NULL OR started_at_ms IS NOT NULL)
) STRICT;

-- Part of every batch that moves state (rule 16).
CREATE TABLE guard (ok INTEGER NOT NULL CONSTRAINT state_moved CHECK (ok = 1)) STRICT;

INSERT INTO rebuilds (id, asked_at_ms) VALUES (1, 0);
