-- People of a directory sign in with what it calls them, too.
ALTER TABLE outside_link ADD COLUMN user_name TEXT; -- in small letters; null: with addresses only
CREATE INDEX outside_link_by_user_name ON outside_link (user_name) WHERE user_name IS NOT NULL;
