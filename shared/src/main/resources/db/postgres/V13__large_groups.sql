-- Groups whose events are told once for all, see docs/adr/0013-large-groups.md. Everything here is safe while the version before still serves.
ALTER TABLE conversation
    ADD COLUMN large boolean NOT NULL DEFAULT false,   -- set when the members become too many to be told one by one; never taken back
    ADD COLUMN departed_at timestamptz;                -- of the last time someone left: who tells a message says it, and nodes then look who that was

-- Who is in which large group now, for stream nodes: most people are in none, and asking is one look into a small index. Follows the table of
-- members by the triggers of V16, whoever writes that.
CREATE TABLE large_member (
    user_id         bigint NOT NULL,
    conversation_id bigint NOT NULL,
    joined_seq      bigint NOT NULL,                   -- as in member: older messages are not seen
    from_seq        bigint NOT NULL,                   -- messages from this one on come by the group's stream
    PRIMARY KEY (user_id, conversation_id)
);

-- Joining: by a statement that inserts, also where a row of an earlier membership is there already.
CREATE FUNCTION large_members_join() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO large_member AS known (user_id, conversation_id, joined_seq, from_seq)
    SELECT j.user_id, j.conversation_id, j.joined_seq, greatest(j.joined_seq, c.last_seq + 1)
    FROM joined j JOIN conversation c ON c.id = j.conversation_id AND c.large
    WHERE j.left_at IS NULL
    ON CONFLICT (user_id, conversation_id) DO NOTHING;
    RETURN NULL;
END $$;

-- Leaving and coming back. Only statements that name one of these columns come here, so marks do not.
CREATE FUNCTION large_member_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.left_at IS NOT NULL THEN
        DELETE FROM large_member WHERE user_id = NEW.user_id AND conversation_id = NEW.conversation_id;
    ELSE
        INSERT INTO large_member (user_id, conversation_id, joined_seq, from_seq)
        SELECT NEW.user_id, c.id, NEW.joined_seq, greatest(NEW.joined_seq, c.last_seq + 1)
        FROM conversation c WHERE c.id = NEW.conversation_id AND c.large
        ON CONFLICT (user_id, conversation_id) DO UPDATE SET joined_seq = excluded.joined_seq, from_seq = excluded.from_seq;
    END IF;
    RETURN NULL;
END $$;

-- As append_messages of V4, which the version before still calls. In a large group the version does not move with everyone who comes and goes, so the
-- sender's own row is looked at too; notices of ours are sent in the name of people who may just have left. Answers also when someone left last.
CREATE FUNCTION append_drafts(
    conversations bigint[], versions bigint[], senders bigint[], keys text[], hashes bytea[], texts text[], details text[], now timestamptz)
RETURNS TABLE (draft bigint, outcome int, seq bigint, created_at timestamptz, outbox_id bigint, departed_at timestamptz)
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
            greatest(now, date_trunc('milliseconds', c.last_at + interval '999 microseconds')) AS created_at,
            CASE WHEN c.large THEN c.departed_at END AS departed_at
        FROM drafts d JOIN conversation c ON c.id = d.conversation_id AND c.members_version = d.version
        WHERE NOT EXISTS (SELECT FROM known k WHERE k.draft = d.draft)
            AND (NOT c.large OR starts_with(d.client_message_id, 'system:') OR EXISTS (
                SELECT FROM member m WHERE m.conversation_id = d.conversation_id AND m.user_id = d.sender_id AND m.left_at IS NULL))
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
    SELECT f.draft, 1, f.seq, f.created_at, n.id, f.departed_at
    FROM fresh f JOIN noted n ON n.conversation_id = f.conversation_id AND n.subject = f.seq
    UNION ALL
    SELECT k.draft, CASE WHEN k.same THEN 2 ELSE 3 END, k.seq, k.created_at, NULL, NULL FROM known k
    UNION ALL
    SELECT d.draft, 4, NULL, NULL, NULL, NULL
    FROM drafts d
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.draft = d.draft) AND NOT EXISTS (SELECT FROM fresh f WHERE f.draft = d.draft);
END $$;
