-- What a message may have besides its text, and what may become of it.

ALTER TABLE message
    ALTER COLUMN text DROP NOT NULL,               -- pictures need none, and what was deleted has none
    ADD COLUMN details    text,                    -- JSON of the optional parts, see chat.parley.message.MessageDetails; null for most messages
    ADD COLUMN version    int NOT NULL DEFAULT 1,  -- moves with every change of what readers see
    ADD COLUMN reactions  text,                    -- JSON of the counts, {"<emoji>":<n>}, first used first; null while there are none
    ADD COLUMN edited_at  timestamptz,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN changed_at timestamptz;             -- of the last change of any kind, for rebuilt streams; grows within a conversation
CREATE INDEX message_by_change ON message (conversation_id, changed_at) WHERE changed_at IS NOT NULL;

-- What edited messages said before.
CREATE TABLE message_version (
    conversation_id bigint NOT NULL,
    seq             bigint NOT NULL,
    revision        int NOT NULL,                  -- 1 for what was sent
    text            text,
    details         text,
    since           timestamptz NOT NULL,          -- from when on it read so
    PRIMARY KEY (conversation_id, seq, revision)
);

CREATE TABLE reaction (
    conversation_id bigint NOT NULL,
    seq             bigint NOT NULL,
    emoji           text COLLATE "C" NOT NULL,
    user_id         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq, emoji, user_id)
);

ALTER TABLE conversation
    ADD COLUMN messages_changed_at timestamptz;    -- of the last change to a message that was there; null while there was none

DROP FUNCTION append_messages(bigint[], bigint[], bigint[], text[], bytea[], text[], timestamptz);

-- As in V3, with the optional parts of each message.
CREATE FUNCTION append_messages(
    conversations bigint[], versions bigint[], senders bigint[], keys text[], hashes bytea[], texts text[], details text[], now timestamptz)
RETURNS TABLE (draft bigint, outcome int, seq bigint, created_at timestamptz, outbox_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM conversation WHERE id = ANY (conversations) ORDER BY id FOR NO KEY UPDATE;
    RETURN QUERY
    WITH drafts AS (
        SELECT *
        FROM unnest(conversations, versions, senders, keys, hashes, texts, details)
            WITH ORDINALITY AS d (conversation_id, version, sender_id, client_message_id, body_hash, text, details, draft)
    ), known AS MATERIALIZED (
        SELECT d.draft, m.seq, m.created_at, m.body_hash = d.body_hash AS same
        FROM drafts d JOIN message m USING (conversation_id, sender_id, client_message_id)
    ), fresh AS MATERIALIZED (
        SELECT d.*,
            c.last_seq + row_number() OVER (PARTITION BY d.conversation_id ORDER BY d.draft) AS seq,
            -- upwards to whole milliseconds, should something else have put microseconds there
            greatest(now, date_trunc('milliseconds', c.last_at + interval '999 microseconds')) AS created_at
        FROM drafts d JOIN conversation c ON c.id = d.conversation_id AND c.members_version = d.version
        WHERE NOT EXISTS (SELECT FROM known k WHERE k.draft = d.draft)
    ), moved AS (
        UPDATE conversation c
        SET last_seq = f.seq, last_at = f.created_at
        FROM (SELECT conversation_id, max(seq) AS seq, max(created_at) AS created_at FROM fresh GROUP BY conversation_id) f
        WHERE c.id = f.conversation_id
    ), stored AS (
        INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, details, created_at)
        SELECT conversation_id, seq, sender_id, client_message_id, body_hash, text, details, created_at FROM fresh
    ), noted AS (
        INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
        SELECT conversation_id, 1, seq, sender_id, created_at FROM fresh ORDER BY draft
        RETURNING id, conversation_id, subject
    )
    SELECT f.draft, 1, f.seq, f.created_at, n.id
    FROM fresh f JOIN noted n ON n.conversation_id = f.conversation_id AND n.subject = f.seq
    UNION ALL
    SELECT k.draft, CASE WHEN k.same THEN 2 ELSE 3 END, k.seq, k.created_at, NULL FROM known k
    UNION ALL
    SELECT d.draft, 4, NULL, NULL, NULL
    FROM drafts d
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.draft = d.draft) AND NOT EXISTS (SELECT FROM fresh f WHERE f.draft = d.draft);
END $$;
