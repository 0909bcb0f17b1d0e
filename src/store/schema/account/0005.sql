-- What belongs to the account itself: its picture, its settings (JSON), its list of categories (JSON).
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
