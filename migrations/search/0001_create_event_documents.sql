-- What is searched, one row an event that was ever announced. An event that may not be found keeps its version and nothing else,
-- so that an older message does not bring it back. The texts of the index are folded before they come here.
CREATE TABLE event_documents (
  doc_id INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  findable INTEGER NOT NULL CHECK (findable IN (0, 1)),
  document TEXT CHECK (json_valid(document)),
  starts_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  city_key TEXT NOT NULL,
  category_key TEXT NOT NULL,
  lat REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
  lng REAL NOT NULL CHECK (lng BETWEEN -180 AND 180),
  lowest_price_minor INTEGER CHECK (lowest_price_minor >= 0),
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  venue TEXT NOT NULL,
  city TEXT NOT NULL,
  CHECK ((findable = 1) = (document IS NOT NULL))
) STRICT;

CREATE INDEX event_documents_by_start ON event_documents (starts_at_ms, event_id) WHERE findable = 1;
CREATE INDEX event_documents_by_city ON event_documents (city_key, starts_at_ms, event_id) WHERE findable = 1;
CREATE INDEX event_documents_by_category ON event_documents (category_key, starts_at_ms, event_id) WHERE findable = 1;
CREATE INDEX event_documents_by_place ON event_documents (lat, lng) WHERE findable = 1;

CREATE VIRTUAL TABLE events_fts USING fts5 (
  title,
  description,
  venue,
  city,
  content = 'event_documents',
  content_rowid = 'doc_id',
  tokenize = 'unicode61 remove_diacritics 2',
  prefix = '2 3 4'
);

CREATE TRIGGER event_documents_inserted AFTER INSERT ON event_documents BEGIN
  INSERT INTO events_fts (rowid, title, description, venue, city)
  VALUES (new.doc_id, new.title, new.description, new.venue, new.city);
END;

CREATE TRIGGER event_documents_updated AFTER UPDATE ON event_documents BEGIN
  INSERT INTO events_fts (events_fts, rowid, title, description, venue, city)
  VALUES ('delete', old.doc_id, old.title, old.description, old.venue, old.city);
  INSERT INTO events_fts (rowid, title, description, venue, city)
  VALUES (new.doc_id, new.title, new.description, new.venue, new.city);
END;

CREATE TRIGGER event_documents_deleted AFTER DELETE ON event_documents BEGIN
  INSERT INTO events_fts (events_fts, rowid, title, description, venue, city)
  VALUES ('delete', old.doc_id, old.title, old.description, old.venue, old.city);
END;
