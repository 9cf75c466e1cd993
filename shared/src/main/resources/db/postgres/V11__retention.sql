-- How long messages are kept, and which are no more.
ALTER TABLE conversation
    ADD COLUMN retention_seconds bigint CHECK (retention_seconds >= 60), -- null: no limit of its own
    ADD COLUMN first_seq   bigint NOT NULL DEFAULT 1,  -- messages before this one expired: nobody reads them
    ADD COLUMN removed_seq bigint NOT NULL DEFAULT 0,  -- messages up to this one are gone from the store
    ADD COLUMN oldest_at   timestamptz;                -- no message from first_seq on is older; null: not looked at yet
-- Neither has a column that a send moves, so sends go on touching no index.
CREATE INDEX conversation_by_retention ON conversation (id) WHERE retention_seconds IS NOT NULL;
CREATE INDEX conversation_to_remove ON conversation (id) WHERE removed_seq < first_seq - 1;
