-- What was uploaded. The row is written before the blobs and goes after them, so that no blob is without a row.
CREATE TABLE media (
    id              bigint PRIMARY KEY,
    owner_id        bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('writing', 'ready', 'removing')),
    type            text NOT NULL,
    bytes           bigint NOT NULL,
    width           int,                           -- of pictures, as they are shown
    height          int,
    name            text,
    sha256          bytea NOT NULL,                -- of the blob
    thumbnail_type  text,
    thumbnail_sizes int[] NOT NULL DEFAULT '{}',   -- those there are; where one is missing the picture itself is small enough
    thumbnail_bytes int[] NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    remove_after    timestamptz                    -- null while something uses it
);
CREATE INDEX media_by_owner ON media (owner_id, created_at);
CREATE INDEX media_by_removal ON media (remove_after) WHERE remove_after IS NOT NULL;

-- Which messages carry it: who may read them may read it. The reference makes it impossible to remove what is in use.
CREATE TABLE media_use (
    media_id        bigint NOT NULL REFERENCES media,
    conversation_id bigint NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (media_id, conversation_id, seq)
);
CREATE INDEX media_use_by_message ON media_use (conversation_id, seq);

-- People have a picture, for everyone who is logged in.
ALTER TABLE users ADD COLUMN avatar_media_id bigint REFERENCES media;
CREATE INDEX users_by_avatar ON users (avatar_media_id) WHERE avatar_media_id IS NOT NULL;

-- The id behind its 13 characters of Crockford base32.
CREATE FUNCTION tsid(written text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT sum((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(written, i, 1)) - 1)::bigint << (5 * (13 - i)))::bigint
    FROM generate_series(1, 13) AS i
$$;

-- The media that a message carries, by its details: what this project writes begins with the type, then the media. The client's own JSON
-- stands behind them and is not looked at.
CREATE FUNCTION media_of(details text) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN details ~ '^\{"type":"[a-z]+","media":\[' THEN
        ARRAY(SELECT DISTINCT tsid(item ->> 'id') AS id FROM json_array_elements(details::json -> 'media') AS item ORDER BY id)
    ELSE '{}' END
$$;

-- Uses follow the messages, whoever writes those. Media are locked in the order of their ids, so that two transactions neither wait for each
-- other in a circle nor both overlook that they take the last use.
CREATE FUNCTION use_media() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := media_of(NEW.details);
BEGIN
    PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR UPDATE;
    IF (SELECT count(*) FROM media WHERE id = ANY (ids) AND state = 'ready' AND owner_id = NEW.sender_id) < cardinality(ids) THEN
        RAISE EXCEPTION 'message % of conversation % carries media that are not there', NEW.seq, NEW.conversation_id;
    END IF;
    INSERT INTO media_use (media_id, conversation_id, seq) SELECT id, NEW.conversation_id, NEW.seq FROM unnest(ids) AS id;
    UPDATE media SET remove_after = NULL WHERE id = ANY (ids);
    RETURN NULL;
END $$;
CREATE TRIGGER use_media AFTER INSERT ON message
    FOR EACH ROW WHEN (NEW.details IS NOT NULL) EXECUTE FUNCTION use_media();

-- What nothing uses any more may be removed at once. The rows are locked by the caller.
CREATE FUNCTION let_go_of_media(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE media SET remove_after = now()
    WHERE id = ANY (ids) AND NOT EXISTS (SELECT FROM media_use u WHERE u.media_id = media.id)
        AND NOT EXISTS (SELECT FROM users p WHERE p.avatar_media_id = media.id)
$$;

CREATE FUNCTION release_media() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := media_of(OLD.details);
    kept bigint[] := CASE WHEN TG_OP = 'UPDATE' THEN media_of(NEW.details) ELSE '{}' END;
BEGIN
    PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR UPDATE;
    DELETE FROM media_use WHERE conversation_id = OLD.conversation_id AND seq = OLD.seq AND media_id = ANY (ids) AND media_id <> ALL (kept);
    PERFORM let_go_of_media(ids);
    RETURN NULL;
END $$;
CREATE TRIGGER release_media_on_change AFTER UPDATE OF details ON message
    FOR EACH ROW WHEN (OLD.details IS NOT NULL AND OLD.details IS DISTINCT FROM NEW.details) EXECUTE FUNCTION release_media();
CREATE TRIGGER release_media_on_removal AFTER DELETE ON message
    FOR EACH ROW WHEN (OLD.details IS NOT NULL) EXECUTE FUNCTION release_media();

-- The picture of a person is one of their own.
CREATE FUNCTION use_avatar() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_id bigint := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN OLD.avatar_media_id END;
    new_id bigint := CASE WHEN TG_OP = 'UPDATE' THEN NEW.avatar_media_id END;
BEGIN
    PERFORM 1 FROM media WHERE id IN (old_id, new_id) ORDER BY id FOR UPDATE;
    IF new_id IS NOT NULL THEN
        UPDATE media SET remove_after = NULL WHERE id = new_id AND state = 'ready' AND owner_id = NEW.id AND width IS NOT NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'person % cannot have the picture %', NEW.id, new_id;
        END IF;
    END IF;
    IF old_id IS NOT NULL THEN
        PERFORM let_go_of_media(ARRAY[old_id]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER use_avatar AFTER UPDATE OF avatar_media_id ON users
    FOR EACH ROW WHEN (OLD.avatar_media_id IS DISTINCT FROM NEW.avatar_media_id) EXECUTE FUNCTION use_avatar();
CREATE TRIGGER release_avatar AFTER DELETE ON users
    FOR EACH ROW WHEN (OLD.avatar_media_id IS NOT NULL) EXECUTE FUNCTION use_avatar();
