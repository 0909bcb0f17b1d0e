-- The thread of a message: blake3 of the id of the message that began it, 16 bytes.
ALTER TABLE message ADD COLUMN conversation BLOB;
