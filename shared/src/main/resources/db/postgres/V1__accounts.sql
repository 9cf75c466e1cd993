CREATE TABLE users (
    id               bigint PRIMARY KEY,
    username         text COLLATE "C" NOT NULL UNIQUE, -- lower case; the form is checked by the code. "C": the index serves prefixes, in order
    display_name     text NOT NULL,
    search_name      text COLLATE "C" NOT NULL,        -- display_name folded by the code, since lower() depends on the server's locale
    password_hash    text,                             -- Argon2id in PHC form; null for people of outside issuers
    sign_up_key_hash bytea,                            -- SHA-256 of the sign-up's Idempotency-Key: tells a repeat from a name that is taken
    created_at       timestamptz NOT NULL
);
CREATE INDEX users_by_search_name ON users (search_name, id);

-- Who an outside issuer's subject is here.
CREATE TABLE identity (
    issuer  text NOT NULL,
    subject text NOT NULL,
    user_id bigint NOT NULL REFERENCES users,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE session (
    id           bigint PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users,
    family_hash  bytea NOT NULL UNIQUE,                -- SHA-256 of the part that all refresh tokens of this session share
    refresh_hash bytea NOT NULL,                       -- SHA-256 of the refresh token in force: another one of the family means theft
    cookie_hash  bytea UNIQUE,                         -- SHA-256 of the browser's cookie; null when there is none
    user_agent   text,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,                 -- moves every ten minutes or so of use, not with each request
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz                           -- by the clock of the database, which all nodes share
);
CREATE INDEX session_in_force ON session (user_id, last_used_at) WHERE ended_at IS NULL;
CREATE INDEX session_by_end ON session (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE stream_ticket (
    hash        bytea PRIMARY KEY,                     -- SHA-256 of the ticket
    user_id     bigint NOT NULL REFERENCES users,
    session_id  bigint REFERENCES session ON DELETE CASCADE, -- null for people of outside issuers
    valid_until timestamptz,                           -- the end of their token; null where the session decides
    created_at  timestamptz NOT NULL,
    used_at     timestamptz                            -- from then on it names a stream session and lives as long as the login
);
CREATE INDEX stream_ticket_by_user ON stream_ticket (user_id, created_at);
CREATE INDEX stream_ticket_by_session ON stream_ticket (session_id);
CREATE INDEX stream_ticket_by_age ON stream_ticket (created_at);

-- The keys that sign our access tokens, shared by all nodes.
CREATE TABLE signing_key (
    id         text PRIMARY KEY,                       -- "kid"
    jwk        text NOT NULL,                          -- with the private part
    created_at timestamptz NOT NULL
);
