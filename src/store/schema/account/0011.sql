-- When a series took place before its times were changed, so that programs hear which of its occurrences are no more.
CREATE TABLE series_before (
  item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  modseq  INTEGER NOT NULL,             -- of the change that ended it
  times   BLOB NOT NULL,                -- the object with nothing but its times in it
  PRIMARY KEY (item_id, modseq)
) STRICT, WITHOUT ROWID;
