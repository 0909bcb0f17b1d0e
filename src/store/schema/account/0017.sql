-- Files of events and tasks that lie beside them (RFC 8607); the event names them by their managed id.
CREATE TABLE attachment (
  managed_id TEXT PRIMARY KEY,
  body_id    INTEGER NOT NULL REFERENCES body (id),
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_body ON attachment (body_id);
CREATE TABLE attachment_use (
  item_id    INTEGER NOT NULL,          -- of an item, or of one that was deleted and can be got back
  managed_id TEXT NOT NULL REFERENCES attachment (managed_id),
  PRIMARY KEY (item_id, managed_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_use_by_id ON attachment_use (managed_id);
