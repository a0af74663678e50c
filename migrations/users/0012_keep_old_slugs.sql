-- What an organizer was called before: links to that host are in people's mails, so that for a year nobody else is called so.
CREATE TABLE old_slugs (
  slug TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL REFERENCES organizers (id) ON DELETE CASCADE,
  left_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX old_slugs_by_age ON old_slugs (left_at_ms);
CREATE INDEX old_slugs_by_organizer ON old_slugs (organizer_id, left_at_ms);
