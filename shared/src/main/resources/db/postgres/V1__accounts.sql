CREATE TABLE users (
    id            bigint PRIMARY KEY,
    username      text NOT NULL UNIQUE,            -- lower case; the form is checked by the code
    display_name  text NOT NULL,
    password_hash text,                            -- Argon2id in PHC form; null for people of outside issuers
    created_at    timestamptz NOT NULL
);
CREATE INDEX users_by_username_prefix ON users (username text_pattern_ops);
CREATE INDEX users_by_name_prefix ON users (lower(display_name) text_pattern_ops);

-- Who an outside issuer's subject is here.
CREATE TABLE identity (
    issuer  text NOT NULL,
    subject text NOT NULL,
    user_id bigint NOT NULL REFERENCES users,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE session (
    id                    bigint PRIMARY KEY,
    user_id               bigint NOT NULL REFERENCES users,
    refresh_hash          bytea NOT NULL UNIQUE,   -- SHA-256 of the refresh token in force
    refresh_previous_hash bytea,                   -- of the one before: its use means theft, and ends the session
    cookie_hash           bytea NOT NULL UNIQUE,   -- SHA-256 of the browser's cookie
    user_agent            text,
    created_at            timestamptz NOT NULL,
    last_used_at          timestamptz NOT NULL,
    expires_at            timestamptz NOT NULL,
    ended_at              timestamptz
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_previous ON session (refresh_previous_hash) WHERE refresh_previous_hash IS NOT NULL;

CREATE TABLE stream_ticket (
    hash       bytea PRIMARY KEY,                  -- SHA-256 of the ticket
    session_id bigint NOT NULL REFERENCES session,
    created_at timestamptz NOT NULL,
    used_at    timestamptz                         -- from then on it names a stream session and lives as long as the login
);
CREATE INDEX stream_ticket_by_session ON stream_ticket (session_id);

-- The keys that sign our access tokens, shared by all nodes.
CREATE TABLE signing_key (
    id         text PRIMARY KEY,                   -- "kid"
    jwk        text NOT NULL,                      -- with the private part
    created_at timestamptz NOT NULL
);
