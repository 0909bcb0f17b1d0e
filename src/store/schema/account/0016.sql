-- Messages that are held back: they leave at their time, unless their draft is changed or taken back before.
ALTER TABLE outbox ADD COLUMN send_at_ms INTEGER;
ALTER TABLE outbox ADD COLUMN draft_id INTEGER;
ALTER TABLE outbox ADD COLUMN draft_body_id INTEGER;
CREATE INDEX outbox_held ON outbox (send_at_ms) WHERE send_at_ms IS NOT NULL;
