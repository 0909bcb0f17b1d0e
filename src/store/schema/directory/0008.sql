-- What somebody has agreed to that a program may do for them.
CREATE TABLE consent (
  account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  client_id   TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  permissions TEXT NOT NULL,                  -- separated by spaces
  given_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_by_client ON consent (client_id);

-- What does not count any more although its time is not over: statements that programs have proved themselves with once,
-- sign-ins that have ended while their tokens last.
CREATE TABLE spent (
  hash          BLOB PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE client ADD COLUMN permissions TEXT;        -- what it may ask people for, separated by spaces; null: everything
ALTER TABLE client ADD COLUMN is_trusted INTEGER NOT NULL DEFAULT 0;          -- an administrator has agreed for everybody
ALTER TABLE client ADD COLUMN repeats_assertions INTEGER NOT NULL DEFAULT 0;  -- it may show a statement more than once
