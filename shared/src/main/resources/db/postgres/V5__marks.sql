-- How far a member has received and read. Both only grow, also over leaving and coming back; reading implies receiving.
ALTER TABLE member
    ADD COLUMN read_seq         bigint NOT NULL DEFAULT 0,
    ADD COLUMN delivered_seq    bigint NOT NULL DEFAULT 0,
    ADD COLUMN marks_changed_at timestamptz,           -- of the last move that is told; null before the first. For rebuilt streams
    ADD CONSTRAINT read_is_delivered CHECK (read_seq <= delivered_seq);

-- What was said before there were marks counts as read: nobody wants it all as unread on the day of the upgrade.
UPDATE member m
SET read_seq = coalesce(m.left_seq, c.last_seq), delivered_seq = coalesce(m.left_seq, c.last_seq)
FROM conversation c
WHERE c.id = m.conversation_id;

-- Marks move all the time and no index has them: with room in the page such an update touches no index at all.
ALTER TABLE member SET (fillfactor = 80);

-- Who sends has read up to there; in the transaction of the message, so that an unread count never counts one's own. A trigger and not a part of
-- append_messages: it holds for whatever stores messages. Its rows are safe from deadlocks, as their conversation's row is locked by then
-- and the other writer of marks waits for no lock. Not told by an event, since the message says so.
CREATE FUNCTION sender_has_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE member m
    SET read_seq = s.seq, delivered_seq = s.seq
    FROM (SELECT conversation_id, sender_id, max(seq) AS seq FROM stored GROUP BY conversation_id, sender_id) s
    WHERE m.conversation_id = s.conversation_id AND m.user_id = s.sender_id AND m.read_seq < s.seq;
    RETURN NULL;
END $$;

CREATE TRIGGER sender_has_read AFTER INSERT ON message
    REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION sender_has_read();
