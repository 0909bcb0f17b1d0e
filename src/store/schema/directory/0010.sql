-- When calendars that are read from elsewhere are read again, and what came of it the last time.
CREATE TABLE feed (
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id     INTEGER NOT NULL,
  url           TEXT NOT NULL,
  etag          TEXT,
  modified      TEXT,                         -- Last-Modified, as it came
  next_at_ms    INTEGER NOT NULL,
  fetched_at_ms INTEGER,                      -- the last time that it was read
  failure       TEXT,                         -- of the last time; null: none
  PRIMARY KEY (account_id, folder_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_by_time ON feed (next_at_ms);
