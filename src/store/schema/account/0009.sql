-- Lists of events by their start and of cards by their name, a page at a time. What is stored already has its start in its
-- span: all of it but the slack of what floats.
ALTER TABLE object ADD COLUMN start_s INTEGER;
UPDATE object SET start_s = first_s + CASE WHEN shape & 4 = 4 THEN 54000 ELSE 0 END
WHERE first_s IS NOT NULL AND first_s > -9000000000000000000;
CREATE INDEX object_by_start ON object (folder_id, start_s, item_id) WHERE start_s IS NOT NULL;
CREATE INDEX object_by_title ON object (folder_id, title COLLATE NOCASE, item_id);
