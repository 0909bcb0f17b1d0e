-- What programs keep with messages and folders in words of their own; the owner is an item or a folder, whose
-- numbers come from one counter.
CREATE TABLE property (
  owner_id INTEGER NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,               -- JSON list when is_list, else the value itself
  is_list  INTEGER NOT NULL,
  PRIMARY KEY (owner_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX property_by_value ON property (name, value);
