CREATE TABLE access (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  actor_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  level      TEXT NOT NULL,                   -- read, edit, full
  PRIMARY KEY (account_id, actor_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  oid           TEXT NOT NULL UNIQUE,
  kind          TEXT NOT NULL,
  address       TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  language      TEXT NOT NULL,
  is_admin      INTEGER NOT NULL,
  state         TEXT NOT NULL,
  quota_bytes   INTEGER,
  created_at_ms INTEGER NOT NULL
, sign_in_generation INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE alias (
  address    TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id     INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  actor  TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL                        -- JSON, no secrets
) STRICT;
CREATE TABLE authorization_code (
  hash           BLOB PRIMARY KEY,
  client_id      TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  account_id     INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  redirect_uri   TEXT NOT NULL,
  scope          TEXT NOT NULL,
  nonce          TEXT,
  code_challenge TEXT,
  expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE client (
  id                   TEXT PRIMARY KEY,      -- client_id
  name                 TEXT NOT NULL,
  secret_hash          TEXT,                  -- PHC string, argon2id
  redirect_uris        TEXT NOT NULL,         -- JSON list
  allow_password_grant INTEGER NOT NULL,
  created_at_ms        INTEGER NOT NULL
, app_permissions TEXT NOT NULL DEFAULT '', mailboxes TEXT, certificate TEXT, permissions TEXT, is_trusted INTEGER NOT NULL DEFAULT 0, repeats_assertions INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE collect_source (
  id             INTEGER PRIMARY KEY,
  account_id     INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  server         TEXT NOT NULL,               -- JSON without the password
  password       TEXT NOT NULL,
  is_enabled     INTEGER NOT NULL,
  uid_validity   INTEGER NOT NULL,
  last_uid       INTEGER NOT NULL,
  last_run_at_ms INTEGER,
  last_error     TEXT
, run_requested_at_ms INTEGER) STRICT;
CREATE TABLE collect_waiting (
  source_id  INTEGER NOT NULL REFERENCES collect_source (id) ON DELETE CASCADE,
  unique_id  TEXT NOT NULL,                   -- the provider's
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  reason     TEXT NOT NULL,                   -- full, too_large
  size_bytes INTEGER NOT NULL,
  since_ms   INTEGER NOT NULL,
  PRIMARY KEY (source_id, unique_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE collected (
  source_id INTEGER NOT NULL REFERENCES collect_source (id) ON DELETE CASCADE,
  unique_id TEXT NOT NULL,
  PRIMARY KEY (source_id, unique_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE consent (
  account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  client_id   TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  permissions TEXT NOT NULL,                  -- separated by spaces
  given_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE credential (
  id              INTEGER PRIMARY KEY,
  account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind            TEXT NOT NULL,              -- password, app
  label           TEXT NOT NULL,
  hash            TEXT NOT NULL,              -- PHC string, argon2id
  created_at_ms   INTEGER NOT NULL
) STRICT;
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
CREATE TABLE domain (
  name          TEXT PRIMARY KEY,
  created_at_ms INTEGER NOT NULL,
  dkim_selector TEXT,
  dkim_key      TEXT                          -- PKCS#8 PEM
) STRICT, WITHOUT ROWID;
CREATE TABLE feed (
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id     INTEGER NOT NULL,
  url           TEXT NOT NULL,
  etag          TEXT,
  modified      TEXT,                         -- Last-Modified, as it came
  next_at_ms    INTEGER NOT NULL,
  fetched_at_ms INTEGER,                      -- the last time that it was read
  failure       TEXT,                         -- of the last time; null: none
  PRIMARY KEY (account_id, folder_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE member (
  group_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE outside_link (
  source      TEXT NOT NULL,                  -- ldap, oidc
  external_id TEXT NOT NULL,                  -- stays the same there through renames
  account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  is_off      INTEGER NOT NULL,               -- what it said last: may not sign in, or is gone
  aliases     TEXT NOT NULL, user_name TEXT,                  -- JSON list of the further addresses that it gave
  PRIMARY KEY (source, external_id),
  UNIQUE (account_id, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey (
  id            INTEGER PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  credential    BLOB NOT NULL UNIQUE,   -- what the device calls it
  public_key    BLOB NOT NULL,          -- SubjectPublicKeyInfo, DER
  counter       INTEGER NOT NULL,       -- of the last sign-in; 0 where the device counts nothing
  label         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  used_at_ms    INTEGER
) STRICT;
CREATE TABLE person_change (
  oid    TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE publication (
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id     INTEGER NOT NULL,
  secret_hash   BLOB NOT NULL UNIQUE,
  detail        TEXT NOT NULL,                -- busy, titles, all
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, folder_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_code (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  hash       BLOB NOT NULL,
  PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE refresh_token (
  hash          BLOB PRIMARY KEY,
  family        TEXT NOT NULL,                -- all that descend from one sign-in
  client_id     TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  scope         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE second_factor (
  account_id    INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  secret        BLOB NOT NULL,
  last_step     INTEGER NOT NULL,   -- a code counts once: later steps only
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
  hash          BLOB PRIMARY KEY,
  account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL                         -- JSON
) STRICT, WITHOUT ROWID;
CREATE TABLE share (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id  INTEGER NOT NULL,
  actor_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,  -- a person, or a group for its members
  level      TEXT NOT NULL, is_deputy INTEGER NOT NULL DEFAULT 0,                   -- freebusy, read, write, manage
  PRIMARY KEY (account_id, folder_id, actor_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE spent (
  hash          BLOB PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
, sealed TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX access_by_actor ON access (actor_id);
CREATE INDEX alias_by_account ON alias (account_id);
CREATE INDEX consent_by_client ON consent (client_id);
CREATE INDEX credential_by_account ON credential (account_id);
CREATE INDEX feed_by_time ON feed (next_at_ms);
CREATE INDEX member_by_person ON member (person_id);
CREATE INDEX outside_link_by_user_name ON outside_link (user_name) WHERE user_name IS NOT NULL;
CREATE INDEX passkey_by_account ON passkey (account_id);
CREATE INDEX refresh_token_by_account ON refresh_token (account_id);
CREATE INDEX refresh_token_by_family ON refresh_token (family);
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX share_by_actor ON share (actor_id);
CREATE INDEX subscription_by_account ON subscription (account_id);
CREATE INDEX subscription_by_actor ON subscription (actor_id);
CREATE INDEX subscription_by_client ON subscription (client_id);
CREATE INDEX subscription_by_wake ON subscription (wake_at_ms);
