-- Rules for mail that arrives, in their order.
CREATE TABLE rule (
  id         INTEGER PRIMARY KEY,
  sequence   INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  about      TEXT NOT NULL              -- JSON, model::rule::RuleText
) STRICT;
CREATE INDEX rule_in_order ON rule (sequence, id);
-- What has to be sent because a message arrived: forwarded, redirected, answered. Written with the message.
CREATE TABLE reaction (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL REFERENCES body (id),
  about         TEXT NOT NULL,          -- JSON, model::rule::Reaction
  created_at_ms INTEGER NOT NULL
) STRICT;
-- Who got an automatic reply, and when: once is enough for some days.
CREATE TABLE answered (
  address TEXT PRIMARY KEY,             -- lower case
  at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
