-- Passkeys (WebAuthn): public keys whose other halves never leave somebody's device.
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
CREATE INDEX passkey_by_account ON passkey (account_id);
