-- To, Cc and Bcc are searched apart. The index is derived: quiet moments fill it again, and a search waits for it.
DROP TABLE item_text;
CREATE VIRTUAL TABLE item_text USING fts5 (
  subject, sender, addressed, copied, blind_copied, body, attachments,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
UPDATE state SET indexed_item = 0;
