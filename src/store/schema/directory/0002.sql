-- Rises when all sign-ins of an account end: a new password, a disabled account.
ALTER TABLE account ADD COLUMN sign_in_generation INTEGER NOT NULL DEFAULT 0;
