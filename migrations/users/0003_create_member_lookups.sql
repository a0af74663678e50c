-- How often somebody named a new member by an address that had no account: who may ask without end learns who has one.
CREATE TABLE member_lookups (
  user_id TEXT NOT NULL,
  -- Days since 1970, UTC.
  day INTEGER NOT NULL,
  lookups INTEGER NOT NULL CHECK (lookups >= 0),
  PRIMARY KEY (user_id, day)
) STRICT;

CREATE INDEX member_lookups_by_day ON member_lookups (day);
