-- What has been moved in from elsewhere, so that a run that is repeated or was broken off brings nothing twice.
CREATE TABLE move_folder (
  id        INTEGER PRIMARY KEY,
  source    TEXT NOT NULL,              -- where it comes from: a server and a user, a folder of files
  path      TEXT NOT NULL,              -- the folder's name there
  version   TEXT NOT NULL,              -- under another one names stand for other items (UIDVALIDITY)
  folder_id INTEGER NOT NULL            -- ours
) STRICT;
CREATE UNIQUE INDEX move_folder_by_path ON move_folder (source, path, version);
CREATE TABLE moved (
  move_folder_id INTEGER NOT NULL REFERENCES move_folder (id),
  name           TEXT NOT NULL,         -- of the item, in that folder
  item_id        INTEGER,               -- ours; NULL: it was put aside
  hash           BLOB NOT NULL,         -- blake3 of the bytes as they were there
  state          INTEGER NOT NULL,      -- model::moved::State
  flags          INTEGER NOT NULL,      -- as they were there
  tag            TEXT NOT NULL,         -- keywords as they were there; an object's ETag; why it was put aside
  PRIMARY KEY (move_folder_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_by_item ON moved (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX moved_gone ON moved (hash) WHERE state = 3;
