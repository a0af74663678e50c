-- What `If-Match` of a member's change is held to.
ALTER TABLE memberships ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);

-- Who made an organizer, so that nobody makes them without end; null where it was made before this was kept.
ALTER TABLE organizers ADD COLUMN created_by TEXT;
CREATE INDEX organizers_by_creator ON organizers (created_by);

-- Of the look-ups of a day: how often an address had an account, and its owner was taken into a team.
ALTER TABLE member_lookups ADD COLUMN additions INTEGER NOT NULL DEFAULT 0 CHECK (additions >= 0);

-- How often an address was written to since yesterday, by whomever.
CREATE INDEX invitations_by_address ON invitations (email_key, created_at_ms);
