-- Why an admin named an owner of an organizer whose owners could sign in no more.
CREATE TABLE owner_appointments (
  id TEXT PRIMARY KEY,
  organizer_id TEXT NOT NULL REFERENCES organizers (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX owner_appointments_by_organizer ON owner_appointments (organizer_id, created_at_ms);

-- Somebody was taken into a team without being asked, and is told so by a mail: an invitation that was accepted as it was made.
ALTER TABLE invitations ADD COLUMN added INTEGER NOT NULL DEFAULT 0 CHECK (added IN (0, 1) AND (added = 0 OR status = 'accepted'));
