-- Messages about events: what is to be carried to others, and mail that arrived with an invitation in it.
CREATE TABLE scheduling (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL REFERENCES body (id),
  about         TEXT NOT NULL,          -- JSON, model::scheduling::Job
  created_at_ms INTEGER NOT NULL
) STRICT;
-- The modseq of the last change that people have to look at (RFC 6638 Schedule-Tag); NULL: nobody was invited.
ALTER TABLE object ADD COLUMN schedule_tag INTEGER;
