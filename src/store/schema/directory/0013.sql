-- The second factor of who wants one: codes of an app (RFC 6238), and codes on paper for when the phone is gone.
CREATE TABLE second_factor (
  account_id    INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  secret        BLOB NOT NULL,
  last_step     INTEGER NOT NULL,   -- a code counts once: later steps only
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_code (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  hash       BLOB NOT NULL,
  PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID;
