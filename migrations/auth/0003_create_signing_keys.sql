-- RS256 keys. The private part is wrapped with a key derived from KEY_ENCRYPTION_KEY; `master_key` is that key's fingerprint.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  public_jwk TEXT NOT NULL CHECK (json_valid(public_jwk)),
  wrapped_private_key TEXT NOT NULL,
  master_key TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  -- It signs until then, and is published as long as a token that it signed may live.
  retired_at_ms INTEGER
) STRICT;

-- One key signs: of two isolates that make the first one at the same time, one wins.
CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys (retired_at_ms IS NULL) WHERE retired_at_ms IS NULL;
