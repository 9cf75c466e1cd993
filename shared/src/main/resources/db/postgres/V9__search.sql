-- What can be searched: one row a message, written after it, see chat.parley.search. Can be thrown away: it is made again from the messages.
CREATE TABLE message_search (
    conversation_id bigint NOT NULL,
    seq             bigint NOT NULL,
    sender_id       bigint NOT NULL,
    created_at      timestamptz NOT NULL,          -- of the message
    version         int NOT NULL,                  -- of the message when it was read; an older one never overwrites a newer one
    words           tsvector,                      -- also '/<conversation>' and '@<sender>', so that one index finds words of these; null: deleted
    PRIMARY KEY (conversation_id, seq)
);
-- A search reads what is pending one by one, so not much may be: 1 MB.
CREATE INDEX message_search_by_word ON message_search USING gin (words) WITH (gin_pending_list_limit = 1024);

-- How far messages are known to be in message_search: one row.
CREATE TABLE search_sweep (
    one         boolean PRIMARY KEY CHECK (one),
    swept_until timestamptz NOT NULL               -- everything stored or changed before is there
);
