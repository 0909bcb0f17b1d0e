-- Who may do what with one calendar, address book or task list of somebody. Ids of folders never come back, so that a
-- row about a collection that is gone gives nothing.
CREATE TABLE share (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  folder_id  INTEGER NOT NULL,
  actor_id   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,  -- a person, or a group for its members
  level      TEXT NOT NULL,                   -- freebusy, read, write, manage
  PRIMARY KEY (account_id, folder_id, actor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_by_actor ON share (actor_id);

-- Who belongs to a group.
CREATE TABLE member (
  group_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_person ON member (person_id);

-- When what the office sees of somebody last changed; who is gone stays here. Numbers only rise.
CREATE TABLE person_change (
  oid    TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
INSERT INTO person_change (oid, number) SELECT oid, id FROM account;
