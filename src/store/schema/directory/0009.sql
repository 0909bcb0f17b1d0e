-- Calendars that anybody may read who knows their address; of the address only the hash is kept.
CREATE TABLE publication (
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id     INTEGER NOT NULL,
  secret_hash   BLOB NOT NULL UNIQUE,
  detail        TEXT NOT NULL,                -- busy, titles, all
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, folder_id)
) STRICT, WITHOUT ROWID;
