-- What lists are filtered and ordered by. Authors and subjects are found through item_text: an index of each would be
-- written in the middle with every arriving message.

-- Only where the message names a sender beside its author.
ALTER TABLE message ADD COLUMN sender_address TEXT;
CREATE INDEX message_by_sender ON message (lower(sender_address)) WHERE sender_address IS NOT NULL;
CREATE INDEX message_by_conversation ON message (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX message_with_attachments ON message (has_attachments) WHERE has_attachments = 1;
CREATE INDEX message_by_importance ON message (importance) WHERE importance <> 1;

-- The message's own date, or when it arrived.
ALTER TABLE item ADD COLUMN sent_at_ms INTEGER NOT NULL DEFAULT 0;
UPDATE item SET sent_at_ms = coalesce(
  (SELECT m.sent_at_ms FROM message m WHERE m.body_id = item.body_id), received_at_ms);
CREATE INDEX item_by_body ON item (body_id);
CREATE INDEX item_by_sent ON item (folder_id, sent_at_ms, id);
-- Over all folders.
CREATE INDEX item_all_received ON item (received_at_ms, id, folder_id);
CREATE INDEX item_flagged ON item (received_at_ms, id, folder_id) WHERE flags & 4 = 4;
CREATE INDEX item_draft ON item (received_at_ms, id, folder_id) WHERE flags & 16 = 16;
CREATE INDEX item_with_keywords ON item (received_at_ms, id, folder_id) WHERE keywords IS NOT NULL;
