-- Programs that act without a person: what they may do, in whose mailboxes (JSON list of account ids; null: all), and
-- the certificate that they prove themselves with (PEM).
ALTER TABLE client ADD COLUMN app_permissions TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN mailboxes TEXT;
ALTER TABLE client ADD COLUMN certificate TEXT;

-- Who may use whose mailbox.
CREATE TABLE access (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  actor_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  level      TEXT NOT NULL,                   -- read, edit, full
  PRIMARY KEY (account_id, actor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_by_actor ON access (actor_id);

-- Sign-ins of devices without a browser, while somebody types the code elsewhere.
CREATE TABLE device_code (
  hash           BLOB PRIMARY KEY,
  user_code      TEXT NOT NULL UNIQUE,
  client_id      TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  scope          TEXT NOT NULL,
  expires_at_ms  INTEGER NOT NULL,
  asked_at_ms    INTEGER NOT NULL,
  account_id     INTEGER REFERENCES account (id) ON DELETE CASCADE,
  generation     INTEGER
) STRICT, WITHOUT ROWID;
