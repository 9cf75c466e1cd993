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
