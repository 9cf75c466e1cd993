-- The outbox of the messages of one commit: one row for all of them, which goes when all are published. Once it is overdue, what is left of it becomes rows
-- of the outbox, and the relay knows no other. A table of its own: the relay of the version before looks into the outbox and would not understand it.
CREATE TABLE outbox_batch (
    id            bigint PRIMARY KEY,              -- from the sequence of the outbox: that of its first message; the others have those that follow
    conversations bigint[] NOT NULL,               -- each once
    last_seqs     bigint[] NOT NULL,               -- of each conversation, before these messages
    places        int[] NOT NULL,                  -- of each message: its conversation, as a place in the first two, from 1 on
    nths          int[] NOT NULL,                  -- of each message: how many after the last seq
    actors        bigint[] NOT NULL,               -- of each message: who sent it
    created_at    timestamptz NOT NULL             -- not after any of the messages
) WITH (
    -- Every row is soon dead, as in the outbox.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);
-- At most 7 KB, so a row stays in its page: neither compressed nor moved aside, which would cost more than all the rest of it.
ALTER TABLE outbox_batch
    ALTER COLUMN conversations SET STORAGE PLAIN, ALTER COLUMN last_seqs SET STORAGE PLAIN, ALTER COLUMN places SET STORAGE PLAIN,
    ALTER COLUMN nths SET STORAGE PLAIN, ALTER COLUMN actors SET STORAGE PLAIN;

-- Each number drawn is the first of as many as a batch may have messages, so that messages and what becomes of them later have ids in their order.
ALTER SEQUENCE outbox_id_seq INCREMENT BY 256;

-- Appends drafts that are all new, of rosters that all hold, in one transaction; answers nothing and changes nothing where one of them is not: append_drafts
-- takes them then and tells which. Conversations and their rosters' versions are named once each; a draft names the place of its conversation there, and which
-- of its drafts it is, both from 1 on. Locks as append_drafts, and looks with a snapshot taken under the locks, as it does. Answers one row a conversation.
CREATE FUNCTION append_fresh(
    ids bigint[], versions bigint[], counts int[],
    places int[], nths int[], senders bigint[], keys text[], hashes bytea[], texts text[], details text[], now timestamptz)
RETURNS TABLE (place bigint, last_seq bigint, created_at timestamptz, departed_at timestamptz, outbox_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    holding bigint;
    has_large boolean;
    batch bigint;
BEGIN
    SELECT count(*), bool_or(c.large) INTO holding, has_large
    FROM (SELECT id, members_version, large FROM conversation WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE) c
    JOIN unnest(ids, versions) AS named (id, version) ON named.id = c.id AND named.version = c.members_version;
    IF holding < cardinality(ids) THEN
        RETURN;
    END IF;
    IF has_large THEN
        PERFORM 1
        FROM unnest(places, senders, keys) AS d (place, sender_id, client_message_id)
        JOIN conversation c ON c.id = ids[d.place] AND c.large
        WHERE NOT starts_with(d.client_message_id, 'system:') AND NOT EXISTS (
            SELECT FROM member m WHERE m.conversation_id = c.id AND m.user_id = d.sender_id AND m.left_at IS NULL);
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    batch := nextval('outbox_id_seq');
    RETURN QUERY
    WITH moved AS (
        UPDATE conversation c
        -- upwards to whole milliseconds, should something else have put microseconds there
        SET last_seq = c.last_seq + named.n, last_at = greatest(now, date_trunc('milliseconds', c.last_at + interval '999 microseconds'))
        FROM unnest(ids, counts) WITH ORDINALITY AS named (id, n, place)
        WHERE c.id = named.id AND NOT EXISTS (
            SELECT FROM unnest(places, senders, keys) AS d (place, sender_id, client_message_id)
            JOIN message m ON m.conversation_id = ids[d.place] AND m.sender_id = d.sender_id AND m.client_message_id = d.client_message_id)
        RETURNING c.id, named.place, c.last_seq - named.n AS last_seq, c.last_at, CASE WHEN c.large THEN c.departed_at END AS departed_at
    ), stored AS (
        INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, details, created_at)
        SELECT moved.id, moved.last_seq + d.nth, d.sender_id, d.client_message_id, d.body_hash, d.text, d.details, moved.last_at
        FROM unnest(places, nths, senders, keys, hashes, texts, details)
            AS d (place, nth, sender_id, client_message_id, body_hash, text, details)
        JOIN moved ON moved.place = d.place
    ), noted AS (
        INSERT INTO outbox_batch (id, conversations, last_seqs, places, nths, actors, created_at)
        SELECT batch, ids, array_agg(moved.last_seq ORDER BY moved.place), places, nths, senders, now FROM moved HAVING count(*) > 0
    )
    SELECT moved.place, moved.last_seq, moved.last_at, moved.departed_at, batch FROM moved;
END $$;
