-- When the numbers of the change log were given out: a row says from which number on it was this time. What was there before
-- counts as changed now.
CREATE TABLE clock (
  modseq INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL               -- never falls
) STRICT;
CREATE INDEX clock_by_time ON clock (at_ms);
INSERT INTO clock (modseq, at_ms) VALUES (0, unixepoch() * 1000);
ALTER TABLE state ADD COLUMN clock_at_ms INTEGER NOT NULL DEFAULT 0;
