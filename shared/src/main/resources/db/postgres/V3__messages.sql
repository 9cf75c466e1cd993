CREATE TABLE message (
    conversation_id   bigint NOT NULL,
    seq               bigint NOT NULL,             -- 1, 2, 3, ...: given at commit under the lock of the conversation's row
    sender_id         bigint NOT NULL,
    client_message_id text NOT NULL,
    body_hash         bytea NOT NULL,              -- tells a repeat from a reuse of the key: the first 16 bytes of SHA-256 of the text
    text              text NOT NULL,
    created_at        timestamptz NOT NULL,        -- whole milliseconds; never goes back within a conversation
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, sender_id, client_message_id)
);

-- What was committed and is not yet known to be published. Refers, never repeats.
CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id bigint NOT NULL,
    kind            smallint NOT NULL,             -- see chat.parley.outbox.OutboxKind
    subject         bigint NOT NULL,               -- seq of the message, or id of the user
    actor_id        bigint NOT NULL,               -- who did it
    created_at      timestamptz NOT NULL,
    set_aside_at    timestamptz                    -- the relay could not publish it, and looks at it no more; somebody should
) WITH (
    -- Every row is soon dead: without this, looking for overdue rows walks over the dead ones.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000
);

-- What the relay remembers: one row.
CREATE TABLE relay (
    one       boolean PRIMARY KEY CHECK (one),
    redis_tag text NOT NULL                        -- names the Redis that holds what was published of late
);

-- Appends drafts, one an array element, in one transaction. Locks the conversations in the order of their ids, so that two
-- nodes never wait for each other in a circle. The second statement has a snapshot of its own, taken under the locks: it sees
-- every message of these conversations, whoever stored it. Answers one row a draft, by its position: outcome 1 stored,
-- 2 already stored, 3 key used for another text, 4 members changed or no such conversation.
CREATE FUNCTION append_messages(
    conversations bigint[], versions bigint[], senders bigint[], keys text[], hashes bytea[], texts text[], now timestamptz)
RETURNS TABLE (draft bigint, outcome int, seq bigint, created_at timestamptz, outbox_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM conversation WHERE id = ANY (conversations) ORDER BY id FOR NO KEY UPDATE;
    RETURN QUERY
    WITH drafts AS (
        SELECT *
        FROM unnest(conversations, versions, senders, keys, hashes, texts)
            WITH ORDINALITY AS d (conversation_id, version, sender_id, client_message_id, body_hash, text, draft)
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
        INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
        SELECT conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at FROM fresh
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
