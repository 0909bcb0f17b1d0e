CREATE TABLE body (
  id         INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  refs       INTEGER NOT NULL,
  storage    INTEGER NOT NULL
) STRICT;
CREATE TABLE body_data (
  body_id INTEGER PRIMARY KEY REFERENCES body (id),
  packed  BLOB NOT NULL
) STRICT;
CREATE TABLE outgoing (
  id                  INTEGER PRIMARY KEY AUTOINCREMENT,
  source              TEXT NOT NULL UNIQUE,   -- account and outbox row, or the report's origin: at most once
  account_id          INTEGER,
  sender              TEXT NOT NULL,
  envelope_id         TEXT,
  return_headers_only INTEGER NOT NULL,
  smtputf8            INTEGER NOT NULL,
  created_at_ms       INTEGER NOT NULL,
  body_id             INTEGER NOT NULL REFERENCES body (id)
) STRICT;
CREATE TABLE recipient (
  id                 INTEGER PRIMARY KEY,
  outgoing_id        INTEGER NOT NULL REFERENCES outgoing (id) ON DELETE CASCADE,
  address            TEXT NOT NULL,
  notify             TEXT NOT NULL,           -- JSON, model::outgoing::Notify
  original           TEXT,
  state              TEXT NOT NULL,
  attempts           INTEGER NOT NULL,
  next_attempt_at_ms INTEGER NOT NULL,
  last_reply         TEXT,
  is_delay_told      INTEGER NOT NULL
) STRICT;
CREATE TABLE taken (
  source TEXT PRIMARY KEY,
  at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX body_by_hash ON body (hash);
CREATE INDEX recipient_by_due ON recipient (next_attempt_at_ms) WHERE state = 'waiting';
CREATE INDEX recipient_by_outgoing ON recipient (outgoing_id);
CREATE INDEX taken_by_age ON taken (at_ms);
