-- What calendars, address books and task lists say of themselves. A folder's name is the last part of its address.
CREATE TABLE collection (
  folder_id      INTEGER PRIMARY KEY REFERENCES folder (id),
  display_name   TEXT,
  description    TEXT,
  colour         TEXT,
  sort_order     INTEGER,
  time_zone      TEXT,
  components     INTEGER NOT NULL,      -- bits, model::object::Components
  is_transparent INTEGER NOT NULL
) STRICT;
-- Events, tasks, journal entries and cards: items that have a name and are found by time. All but the name is derived.
CREATE TABLE object (
  item_id    INTEGER PRIMARY KEY REFERENCES item (id),
  folder_id  INTEGER NOT NULL,
  name       TEXT NOT NULL,             -- unique in its folder
  uid        TEXT,
  kind       INTEGER NOT NULL,          -- model::object::ObjectKind
  shape      INTEGER NOT NULL,          -- bits, model::object::Shape
  first_s    INTEGER,                   -- everything of it lies between these; NULL for cards
  last_s     INTEGER,
  title      TEXT NOT NULL,             -- SUMMARY, FN
  status     TEXT,
  organizer  TEXT,
  people     TEXT,                      -- attendees, or a card's addresses; lower case, a line each
  phones     TEXT,
  company    TEXT,
  due_s      INTEGER,
  priority   INTEGER
) STRICT;
CREATE UNIQUE INDEX object_by_name ON object (folder_id, name);
CREATE UNIQUE INDEX object_by_uid ON object (folder_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX object_by_time ON object (folder_id, last_s, first_s) WHERE first_s IS NOT NULL;
-- The names of those that left: programs know them by nothing else. Goes with the tombstone.
CREATE TABLE object_gone (
  folder_id INTEGER NOT NULL,
  item_id   INTEGER NOT NULL,
  name      TEXT NOT NULL,
  PRIMARY KEY (folder_id, item_id)
) STRICT, WITHOUT ROWID;
