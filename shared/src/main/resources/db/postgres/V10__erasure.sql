-- What is left of a person who is erased: an id that names nobody.
ALTER TABLE users
    ALTER COLUMN username DROP NOT NULL,           -- null once erased: the name is free again
    ADD COLUMN erased_at timestamptz;              -- by the clock of the database, which all nodes share
CREATE INDEX users_by_erasure ON users (erased_at) WHERE erased_at IS NOT NULL;

-- Work in progress: one row from the request until nothing is left to be erased.
CREATE TABLE erasure (
    user_id      bigint PRIMARY KEY REFERENCES users,
    requested_at timestamptz NOT NULL
);

-- Subjects of outside issuers who were erased a short while ago: their old tokens are still in force and must not make them anew.
CREATE TABLE erased_subject (
    hash      bytea PRIMARY KEY,                   -- SHA-256 of issuer and subject
    erased_at timestamptz NOT NULL
);

-- What somebody reacted to, wherever it is.
CREATE INDEX reaction_by_user ON reaction (user_id, conversation_id, seq, emoji);
