-- What auth says of its accounts, kept here to be joined, listed and searched. The newer version wins.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'organizer', 'admin')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'deleted')),
  email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

-- What people add to their account themselves.
CREATE TABLE profiles (
  user_id TEXT PRIMARY KEY,
  phone TEXT CHECK (length(phone) BETWEEN 3 AND 16),
  bio TEXT CHECK (length(bio) BETWEEN 1 AND 2000),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  updated_at_ms INTEGER NOT NULL
) STRICT;
