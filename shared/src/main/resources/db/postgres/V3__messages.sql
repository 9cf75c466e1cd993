CREATE TABLE message (
    conversation_id   bigint NOT NULL,
    seq               bigint NOT NULL,             -- 1, 2, 3, ...: given at commit under the lock of the conversation's row
    sender_id         bigint NOT NULL,
    client_message_id text NOT NULL,
    body_hash         bytea NOT NULL,              -- tells a repeat from a reuse of the key
    text              text NOT NULL,
    created_at        timestamptz NOT NULL,        -- never goes back within a conversation
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
    created_at      timestamptz NOT NULL
);
