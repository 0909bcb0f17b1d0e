-- Messages that wait at a provider: for room in a mailbox of ours, or because they are too large.
CREATE TABLE collect_waiting (
  source_id  INTEGER NOT NULL REFERENCES collect_source (id) ON DELETE CASCADE,
  unique_id  TEXT NOT NULL,                   -- the provider's
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  reason     TEXT NOT NULL,                   -- full, too_large
  size_bytes INTEGER NOT NULL,
  since_ms   INTEGER NOT NULL,
  PRIMARY KEY (source_id, unique_id, account_id)
) STRICT, WITHOUT ROWID;
-- Somebody wants it to be collected now.
ALTER TABLE collect_source ADD COLUMN run_requested_at_ms INTEGER;
