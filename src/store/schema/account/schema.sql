CREATE TRIGGER conversation_head_of_derived AFTER INSERT ON message
WHEN EXISTS (SELECT 1 FROM item WHERE body_id = NEW.body_id)
BEGIN
  INSERT OR REPLACE INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT h.folder_id, h.conversation, i.received_at_ms, i.id
  FROM item o CROSS JOIN conversation_head h CROSS JOIN message m CROSS JOIN item i
  WHERE o.body_id = NEW.body_id AND h.folder_id = o.folder_id AND h.newest_at_ms = o.received_at_ms AND h.newest_id = o.id
    AND h.conversation <> coalesce(NEW.conversation, unhex(format('%032x', o.id)))
    AND m.conversation = h.conversation AND i.body_id = m.body_id AND +i.folder_id = h.folder_id
  ORDER BY i.received_at_ms, i.id;
  DELETE FROM conversation_head WHERE (folder_id, conversation) IN (
    SELECT h.folder_id, h.conversation FROM item o CROSS JOIN conversation_head h
    WHERE o.body_id = NEW.body_id AND h.folder_id = o.folder_id AND h.newest_at_ms = o.received_at_ms AND h.newest_id = o.id
      AND h.conversation <> coalesce(NEW.conversation, unhex(format('%032x', o.id)))
  );
  INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT o.folder_id, coalesce(NEW.conversation, unhex(format('%032x', o.id))), o.received_at_ms, o.id
  FROM item o WHERE o.body_id = NEW.body_id
  ON CONFLICT (folder_id, conversation) DO UPDATE SET newest_at_ms = excluded.newest_at_ms, newest_id = excluded.newest_id
  WHERE (excluded.newest_at_ms, excluded.newest_id) > (newest_at_ms, newest_id);
END;
CREATE TRIGGER conversation_head_of_gone AFTER DELETE ON item
BEGIN
  INSERT OR REPLACE INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT h.folder_id, h.conversation, i.received_at_ms, i.id
  FROM conversation_head h CROSS JOIN message m CROSS JOIN item i
  WHERE h.folder_id = OLD.folder_id AND h.newest_at_ms = OLD.received_at_ms AND h.newest_id = OLD.id
    AND m.conversation = h.conversation AND i.body_id = m.body_id AND +i.folder_id = h.folder_id
  ORDER BY i.received_at_ms DESC, i.id DESC LIMIT 1;
  DELETE FROM conversation_head
  WHERE folder_id = OLD.folder_id AND newest_at_ms = OLD.received_at_ms AND newest_id = OLD.id;
END;
CREATE TRIGGER conversation_head_of_moved AFTER UPDATE OF folder_id, body_id, received_at_ms ON item
WHEN OLD.folder_id <> NEW.folder_id OR OLD.body_id <> NEW.body_id OR OLD.received_at_ms <> NEW.received_at_ms
BEGIN
  INSERT OR REPLACE INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT h.folder_id, h.conversation, i.received_at_ms, i.id
  FROM conversation_head h CROSS JOIN message m CROSS JOIN item i
  WHERE h.folder_id = OLD.folder_id AND h.newest_at_ms = OLD.received_at_ms AND h.newest_id = OLD.id
    AND m.conversation = h.conversation AND i.body_id = m.body_id AND +i.folder_id = h.folder_id
  ORDER BY i.received_at_ms DESC, i.id DESC LIMIT 1;
  DELETE FROM conversation_head
  WHERE folder_id = OLD.folder_id AND newest_at_ms = OLD.received_at_ms AND newest_id = OLD.id;
  INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT NEW.folder_id, coalesce(m.conversation, unhex(format('%032x', NEW.id))), NEW.received_at_ms, NEW.id
  FROM message m WHERE m.body_id = NEW.body_id
  ON CONFLICT (folder_id, conversation) DO UPDATE SET newest_at_ms = excluded.newest_at_ms, newest_id = excluded.newest_id
  WHERE (excluded.newest_at_ms, excluded.newest_id) > (newest_at_ms, newest_id);
END;
CREATE TRIGGER conversation_head_of_new AFTER INSERT ON item
BEGIN
  INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT NEW.folder_id, coalesce(m.conversation, unhex(format('%032x', NEW.id))), NEW.received_at_ms, NEW.id
  FROM message m WHERE m.body_id = NEW.body_id
  ON CONFLICT (folder_id, conversation) DO UPDATE SET newest_at_ms = excluded.newest_at_ms, newest_id = excluded.newest_id
  WHERE (excluded.newest_at_ms, excluded.newest_id) > (newest_at_ms, newest_id);
END;
CREATE TABLE answered (
  address TEXT PRIMARY KEY,             -- lower case
  at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE attachment (
  managed_id TEXT PRIMARY KEY,
  body_id    INTEGER NOT NULL REFERENCES body (id),
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE attachment_use (
  item_id    INTEGER NOT NULL,          -- of an item, or of one that was deleted and can be got back
  managed_id TEXT NOT NULL REFERENCES attachment (managed_id),
  PRIMARY KEY (item_id, managed_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE body (
  id         INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL,             -- blake3 of the raw bytes
  size_bytes INTEGER NOT NULL,
  refs       INTEGER NOT NULL,          -- items and outbox rows that use it
  storage    INTEGER NOT NULL           -- 0: body_data, 1: a file below blobs/
) STRICT;
CREATE TABLE body_data (
  body_id INTEGER PRIMARY KEY REFERENCES body (id),
  packed  BLOB NOT NULL
) STRICT;
CREATE TABLE clock (
  modseq INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL               -- never falls
) STRICT;
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
CREATE TABLE conversation_head (
  folder_id    INTEGER NOT NULL,
  conversation BLOB NOT NULL,           -- of a message without one: its id, in as many bytes
  newest_at_ms INTEGER NOT NULL,
  newest_id    INTEGER NOT NULL,
  PRIMARY KEY (folder_id, conversation)
) STRICT, WITHOUT ROWID;
CREATE TABLE delivered (
  delivery_id TEXT PRIMARY KEY,
  at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE dumped (
  id             INTEGER PRIMARY KEY,   -- that the item had
  kind           INTEGER NOT NULL,      -- of the folder it was in, model::FolderKind
  folder_id      INTEGER NOT NULL,
  folder         TEXT NOT NULL,         -- its path or name
  name           TEXT,                  -- of an object
  title          TEXT NOT NULL,
  sender         TEXT,
  flags          INTEGER NOT NULL,
  keywords       TEXT,
  received_at_ms INTEGER NOT NULL,
  size_bytes     INTEGER NOT NULL,
  body_id        INTEGER NOT NULL REFERENCES body (id),
  at_ms          INTEGER NOT NULL
) STRICT;
CREATE TABLE feed (
  folder_id INTEGER PRIMARY KEY,
  url       TEXT NOT NULL
) STRICT;
CREATE TABLE folder (
  id             INTEGER PRIMARY KEY,
  parent_id      INTEGER REFERENCES folder (id),
  kind           INTEGER NOT NULL,
  role           TEXT,
  name           TEXT NOT NULL,
  uid_validity   INTEGER NOT NULL,
  uid_next       INTEGER NOT NULL DEFAULT 1,
  total          INTEGER NOT NULL DEFAULT 0,
  unread         INTEGER NOT NULL DEFAULT 0,
  deleted        INTEGER NOT NULL DEFAULT 0,
  size_bytes     INTEGER NOT NULL DEFAULT 0,
  highest_modseq INTEGER NOT NULL,
  modseq         INTEGER NOT NULL,
  created_modseq INTEGER NOT NULL,
  is_subscribed  INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE folder_tombstone (
  modseq    INTEGER PRIMARY KEY,
  folder_id INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL
) STRICT;
CREATE TABLE item (
  id             INTEGER PRIMARY KEY,
  folder_id      INTEGER NOT NULL REFERENCES folder (id),
  uid            INTEGER NOT NULL,
  created_modseq INTEGER NOT NULL,
  modseq         INTEGER NOT NULL,
  flags          INTEGER NOT NULL,
  keywords       TEXT,
  received_at_ms INTEGER NOT NULL,
  size_bytes     INTEGER NOT NULL,
  body_id        INTEGER NOT NULL REFERENCES body (id)
, sent_at_ms INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE VIRTUAL TABLE item_text USING fts5 (
  subject, sender, addressed, copied, blind_copied, body, attachments,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE message (
  body_id         INTEGER PRIMARY KEY REFERENCES body (id),
  message_id      TEXT,
  in_reply_to     TEXT,
  subject         TEXT NOT NULL,
  from_name       TEXT,
  from_address    TEXT,
  sent_at_ms      INTEGER,
  preview         TEXT NOT NULL,
  has_attachments INTEGER NOT NULL,
  importance      INTEGER NOT NULL,
  envelope        BLOB NOT NULL,
  structure       BLOB NOT NULL,
  parts           BLOB NOT NULL
, conversation BLOB, sender_address TEXT) STRICT;
CREATE TABLE move_folder (
  id        INTEGER PRIMARY KEY,
  source    TEXT NOT NULL,              -- where it comes from: a server and a user, a folder of files
  path      TEXT NOT NULL,              -- the folder's name there
  version   TEXT NOT NULL,              -- under another one names stand for other items (UIDVALIDITY)
  folder_id INTEGER NOT NULL            -- ours
) STRICT;
CREATE TABLE moved (
  move_folder_id INTEGER NOT NULL REFERENCES move_folder (id),
  name           TEXT NOT NULL,         -- of the item, in that folder
  item_id        INTEGER,               -- ours; NULL: it was put aside
  hash           BLOB NOT NULL,         -- blake3 of the bytes as they were there
  state          INTEGER NOT NULL,      -- model::moved::State
  flags          INTEGER NOT NULL,      -- as they were there
  tag            TEXT NOT NULL,         -- keywords as they were there; an object's ETag; why it was put aside
  PRIMARY KEY (move_folder_id, name)
) STRICT, WITHOUT ROWID;
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
, schedule_tag INTEGER, start_s INTEGER) STRICT;
CREATE TABLE object_gone (
  folder_id INTEGER NOT NULL,
  item_id   INTEGER NOT NULL,
  name      TEXT NOT NULL,
  PRIMARY KEY (folder_id, item_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL REFERENCES body (id),
  envelope      TEXT NOT NULL,          -- JSON, model::outgoing::Envelope
  created_at_ms INTEGER NOT NULL
, send_at_ms INTEGER, draft_id INTEGER, draft_body_id INTEGER) STRICT;
CREATE TABLE property (
  owner_id INTEGER NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,               -- JSON list when is_list, else the value itself
  is_list  INTEGER NOT NULL,
  PRIMARY KEY (owner_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE reaction (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL REFERENCES body (id),
  about         TEXT NOT NULL,          -- JSON, model::rule::Reaction
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE rule (
  id         INTEGER PRIMARY KEY,
  sequence   INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  about      TEXT NOT NULL              -- JSON, model::rule::RuleText
) STRICT;
CREATE TABLE scheduling (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL REFERENCES body (id),
  about         TEXT NOT NULL,          -- JSON, model::scheduling::Job
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE series_before (
  item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  modseq  INTEGER NOT NULL,             -- of the change that ended it
  times   BLOB NOT NULL,                -- the object with nothing but its times in it
  PRIMARY KEY (item_id, modseq)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  modseq        INTEGER NOT NULL,
  horizon       INTEGER NOT NULL,   -- tombstones up to this modseq are gone
  indexed_item  INTEGER NOT NULL,   -- items up to this id are in item_text
  used_bytes    INTEGER NOT NULL,
  uid_validity  INTEGER NOT NULL    -- the next folder's
, clock_at_ms INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE tombstone (
  folder_id INTEGER NOT NULL,
  modseq    INTEGER NOT NULL,
  item_id   INTEGER NOT NULL,
  uid       INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (folder_id, modseq)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_body ON attachment (body_id);
CREATE INDEX attachment_use_by_id ON attachment_use (managed_id);
CREATE UNIQUE INDEX body_by_hash ON body (hash);
CREATE INDEX clock_by_time ON clock (at_ms);
CREATE INDEX conversation_head_by_newest ON conversation_head (folder_id, newest_at_ms, newest_id);
CREATE INDEX delivered_by_age ON delivered (at_ms);
CREATE INDEX dumped_by_age ON dumped (at_ms, id);
CREATE INDEX dumped_by_body ON dumped (body_id);
CREATE UNIQUE INDEX folder_by_name ON folder (coalesce(parent_id, 0), kind, name);
CREATE UNIQUE INDEX folder_by_role ON folder (role) WHERE role IS NOT NULL;
CREATE INDEX item_all_received ON item (received_at_ms, id, folder_id);
CREATE INDEX item_by_body ON item (body_id);
CREATE UNIQUE INDEX item_by_modseq ON item (folder_id, modseq);
CREATE INDEX item_by_received ON item (folder_id, received_at_ms, id);
CREATE INDEX item_by_sent ON item (folder_id, sent_at_ms, id);
CREATE UNIQUE INDEX item_by_uid ON item (folder_id, uid);
CREATE INDEX item_draft ON item (received_at_ms, id, folder_id) WHERE flags & 16 = 16;
CREATE INDEX item_flagged ON item (received_at_ms, id, folder_id) WHERE flags & 4 = 4;
CREATE INDEX item_unread ON item (folder_id, received_at_ms, id) WHERE flags & 1 = 0;
CREATE INDEX item_with_keywords ON item (received_at_ms, id, folder_id) WHERE keywords IS NOT NULL;
CREATE INDEX message_by_conversation ON message (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX message_by_importance ON message (importance) WHERE importance <> 1;
CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX message_by_sender ON message (lower(sender_address)) WHERE sender_address IS NOT NULL;
CREATE INDEX message_with_attachments ON message (has_attachments) WHERE has_attachments = 1;
CREATE UNIQUE INDEX move_folder_by_path ON move_folder (source, path, version);
CREATE INDEX moved_by_item ON moved (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX moved_gone ON moved (hash) WHERE state = 3;
CREATE UNIQUE INDEX object_by_name ON object (folder_id, name);
CREATE INDEX object_by_start ON object (folder_id, start_s, item_id) WHERE start_s IS NOT NULL;
CREATE INDEX object_by_time ON object (folder_id, last_s, first_s) WHERE first_s IS NOT NULL;
CREATE INDEX object_by_title ON object (folder_id, title COLLATE NOCASE, item_id);
CREATE UNIQUE INDEX object_by_uid ON object (folder_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX outbox_held ON outbox (send_at_ms) WHERE send_at_ms IS NOT NULL;
CREATE INDEX property_by_value ON property (name, value);
CREATE INDEX rule_in_order ON rule (sequence, id);
