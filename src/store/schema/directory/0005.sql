-- Programs that are called at an address of theirs when something changes in a mailbox. What is still to be told is
-- what the mailbox's change log has after `cursor`.
CREATE TABLE subscription (
  id               TEXT PRIMARY KEY,
  account_id       INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  actor_id         INTEGER REFERENCES account (id) ON DELETE CASCADE,  -- null: a program by itself
  client_id        TEXT REFERENCES client (id) ON DELETE CASCADE,      -- null: the page of this server
  resource         TEXT NOT NULL,             -- as the program wrote it
  kind             TEXT NOT NULL,             -- messages, mail_folders
  folder_id        INTEGER,                   -- null: the whole mailbox
  change_types     TEXT NOT NULL,             -- created,updated,deleted
  url              TEXT NOT NULL,
  lifecycle_url    TEXT,
  client_state     TEXT,
  tls_version      TEXT NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  expires_at_ms    INTEGER NOT NULL,
  remind_at_ms     INTEGER,                   -- null: its end has been announced, or is not to be
  cursor           INTEGER NOT NULL,
  attempts         INTEGER NOT NULL,          -- that failed, since the last that did not
  failing_since_ms INTEGER,
  retry_at_ms      INTEGER,                   -- null: nothing waits for another attempt
  event            TEXT,                      -- to be told before anything else: missed, removed, reauthorize
  is_removed       INTEGER NOT NULL,          -- only its end is still to be told
  wake_at_ms       INTEGER NOT NULL           -- when it is to be looked at without a change
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_by_account ON subscription (account_id);
CREATE INDEX subscription_by_actor ON subscription (actor_id);
CREATE INDEX subscription_by_client ON subscription (client_id);
CREATE INDEX subscription_by_wake ON subscription (wake_at_ms);
