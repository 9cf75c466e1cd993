ALTER TABLE conversation
    DROP CONSTRAINT conversation_type_check,
    ADD CONSTRAINT conversation_type_check CHECK (type IN ('direct', 'group', 'channel')),
    ADD COLUMN topic text NOT NULL DEFAULT '',
    ADD COLUMN public boolean NOT NULL DEFAULT false CHECK (NOT public OR type = 'channel'),
    ADD COLUMN posting text NOT NULL DEFAULT 'everyone' CHECK (posting IN ('everyone', 'admins')),
    ADD COLUMN history text NOT NULL DEFAULT 'from_joining' CHECK (history IN ('all', 'from_joining')), -- what newcomers see
    ADD COLUMN pinned_seqs bigint[] NOT NULL DEFAULT '{}',     -- newest pin first
    ADD COLUMN search_name text COLLATE "C",                   -- the name folded by the code; null unless public
    ADD COLUMN search_words tsvector;                          -- its words, cut by the code: no locale of a server decides
-- A conversation without members is over for ever: nobody is left who could let anyone in.
CREATE INDEX conversation_public_by_name ON conversation (search_name, id) WHERE search_name IS NOT NULL AND member_count > 0;
CREATE INDEX conversation_public_by_word ON conversation USING gin (search_words) WHERE search_name IS NOT NULL;

CREATE TABLE ban (
    conversation_id bigint NOT NULL REFERENCES conversation,
    user_id         bigint NOT NULL REFERENCES users,
    banned_by       bigint NOT NULL REFERENCES users,
    banned_at       timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX ban_by_age ON ban (conversation_id, banned_at, user_id);
CREATE INDEX ban_by_user ON ban (user_id);

-- A link by which people let themselves in. Deleted when it is revoked.
CREATE TABLE invite (
    id              bigint PRIMARY KEY,
    conversation_id bigint NOT NULL REFERENCES conversation,
    token_hash      bytea NOT NULL UNIQUE,             -- SHA-256 of what the link carries
    created_by      bigint NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    uses            int NOT NULL DEFAULT 0,
    max_uses        int,                               -- null: as many as find room
    CHECK (uses <= max_uses)
);
CREATE INDEX invite_by_conversation ON invite (conversation_id, created_at, id);

-- Notices of ours ("Ann joined") that are not yet known to be stored as messages: written with the change they tell of.
CREATE TABLE notice (
    conversation_id bigint NOT NULL,
    at              timestamptz NOT NULL,              -- of the change: no two of a conversation have the same
    actor_id        bigint NOT NULL,
    body            text NOT NULL,                     -- JSON: the "system" of the message
    PRIMARY KEY (conversation_id, at)
);
