-- Accounts that are people or groups of another system, which says who they are.
CREATE TABLE outside_link (
  source      TEXT NOT NULL,                  -- ldap, oidc
  external_id TEXT NOT NULL,                  -- stays the same there through renames
  account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  is_off      INTEGER NOT NULL,               -- what it said last: may not sign in, or is gone
  aliases     TEXT NOT NULL,                  -- JSON list of the further addresses that it gave
  PRIMARY KEY (source, external_id),
  UNIQUE (account_id, source)
) STRICT, WITHOUT ROWID;
