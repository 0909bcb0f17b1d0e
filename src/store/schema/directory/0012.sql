-- Who was given a calendar as its owner's deputy hears of the owner's invitations too.
ALTER TABLE share ADD COLUMN is_deputy INTEGER NOT NULL DEFAULT 0;
