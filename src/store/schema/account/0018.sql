-- The newest message of each conversation in each folder: lists by conversation walk these. Triggers keep them, whatever
-- writes; what only changes flags pays nothing.
CREATE TABLE conversation_head (
  folder_id    INTEGER NOT NULL,
  conversation BLOB NOT NULL,           -- of a message without one: its id, in as many bytes
  newest_at_ms INTEGER NOT NULL,
  newest_id    INTEGER NOT NULL,
  PRIMARY KEY (folder_id, conversation)
) STRICT, WITHOUT ROWID;
INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
SELECT folder_id, conversation, received_at_ms, id FROM (
  SELECT i.folder_id, coalesce(m.conversation, unhex(format('%032x', i.id))) AS conversation, i.received_at_ms, i.id,
    row_number() OVER (
      PARTITION BY i.folder_id, coalesce(m.conversation, unhex(format('%032x', i.id)))
      ORDER BY i.received_at_ms DESC, i.id DESC
    ) AS place
  FROM item i JOIN message m ON m.body_id = i.body_id
) WHERE place = 1;
CREATE INDEX conversation_head_by_newest ON conversation_head (folder_id, newest_at_ms, newest_id);
CREATE TRIGGER conversation_head_of_new AFTER INSERT ON item
BEGIN
  INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
  SELECT NEW.folder_id, coalesce(m.conversation, unhex(format('%032x', NEW.id))), NEW.received_at_ms, NEW.id
  FROM message m WHERE m.body_id = NEW.body_id
  ON CONFLICT (folder_id, conversation) DO UPDATE SET newest_at_ms = excluded.newest_at_ms, newest_id = excluded.newest_id
  WHERE (excluded.newest_at_ms, excluded.newest_id) > (newest_at_ms, newest_id);
END;
-- The plus keeps the planner from reading the whole folder for one conversation.
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
-- Derived rows are computed again, or later than the item came: then it may belong to another conversation than it did.
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
