-- Wrong passwords in a row, by an HMAC of the address, so that one without an account is locked like any other.
CREATE TABLE login_failures (
  address_key TEXT PRIMARY KEY,
  failures INTEGER NOT NULL CHECK (failures >= 1),
  since_ms INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX login_failures_by_age ON login_failures (since_ms);
