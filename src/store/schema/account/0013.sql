-- What people have deleted for good stays here for a while: the bytes are held, nothing else of the account knows of it.
CREATE TABLE dumped (
  id             INTEGER PRIMARY KEY,   -- that the item had
  kind           INTEGER NOT NULL,      -- of the folder it was in, model::FolderKind
  folder_id      INTEGER NOT NULL,
  folder         TEXT NOT NULL,         -- its path or name
  name           TEXT,                  -- of an object
  title          TEXT NOT NULL,
  sender         TEXT,
  flags          INTEGER NOT NULL,
  keywords       TEXT,
  received_at_ms INTEGER NOT NULL,
  size_bytes     INTEGER NOT NULL,
  body_id        INTEGER NOT NULL REFERENCES body (id),
  at_ms          INTEGER NOT NULL
) STRICT;
CREATE INDEX dumped_by_age ON dumped (at_ms, id);
CREATE INDEX dumped_by_body ON dumped (body_id);
