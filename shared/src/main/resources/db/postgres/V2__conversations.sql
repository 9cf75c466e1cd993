CREATE TABLE conversation (
    id              bigint PRIMARY KEY,
    type            text NOT NULL CHECK (type IN ('direct', 'group')),
    name            text,
    direct_low      bigint,                        -- the two people of a direct conversation, lower id first: one row a pair
    direct_high     bigint,
    created_by      bigint NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,          -- of the creation or the last new name, for rebuilt streams
    changed_at      timestamptz NOT NULL,          -- of the last change of name or members: grows with each, so it orders them
    member_count    int NOT NULL,
    members_version bigint NOT NULL DEFAULT 1,     -- moves with every change of members; a send names the one it was checked against
    last_seq        bigint NOT NULL DEFAULT 0,     -- of the newest message
    last_at         timestamptz NOT NULL,          -- of the newest message, or of the creation; never goes back
    UNIQUE (direct_low, direct_high)
) WITH (fillfactor = 70);                          -- every message updates its row in place

CREATE TABLE member (
    conversation_id bigint NOT NULL REFERENCES conversation,
    user_id         bigint NOT NULL REFERENCES users,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at       timestamptz NOT NULL,
    joined_seq      bigint NOT NULL,               -- the first message seen is this one
    left_at         timestamptz,
    left_seq        bigint,                        -- the last message seen is this one; null while a member
    changed_at      timestamptz NOT NULL,          -- of the last change of this row, for rebuilt streams
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id, conversation_id);
CREATE INDEX member_by_age ON member (conversation_id, joined_at, user_id) WHERE left_at IS NULL;
CREATE INDEX member_by_change ON member (conversation_id, changed_at);

-- First answers to POSTs with an Idempotency-Key.
CREATE TABLE idempotency (
    user_id    bigint NOT NULL,
    key        text NOT NULL,
    body_hash  bytea NOT NULL,                     -- SHA-256 of method, path and body
    reserved   bigint NOT NULL,                    -- the id of what it makes, drawn before it is made: made at most once, whoever repeats
    attempt    bigint NOT NULL,                    -- who works on it; only that one stores the answer
    status     int,                                -- null while in progress
    answer     bytea,
    started_at timestamptz NOT NULL,               -- of the attempt; one in progress for too long may be taken over
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (started_at);
