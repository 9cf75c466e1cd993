-- Where a person can be woken. One row for each app or browser; one address belongs to one row only, whoever is logged in there.
CREATE TABLE device (
    user_id       bigint NOT NULL REFERENCES users,
    id            text NOT NULL,                     -- chosen by the client, kept over restarts of the app
    session_id    bigint REFERENCES session ON DELETE CASCADE, -- the login it belongs to; null for people of outside issuers
    vendor        text NOT NULL CHECK (vendor IN ('fcm', 'apns', 'web_push')),
    target        text NOT NULL,                     -- JSON: what the vendor needs to find it
    target_hash   bytea NOT NULL UNIQUE,             -- SHA-256 of the vendor and its address: who logs in on another's phone takes it over
    locale        text NOT NULL,                     -- BCP 47
    state         text NOT NULL CHECK (state IN ('foreground', 'background')),
    registered_at timestamptz NOT NULL,              -- of the last registration: what vendors say of an older one no longer counts
    state_at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX device_by_session ON device (session_id);
CREATE INDEX device_by_state ON device (user_id) WHERE state = 'background';

-- How a person wants to be woken, over all conversations. No row: with a preview, at any time.
CREATE TABLE push_preference (
    user_id    bigint PRIMARY KEY REFERENCES users,
    preview    boolean NOT NULL,
    quiet_from time,                                 -- on the person's clock; may be later than quiet_to: then over midnight
    quiet_to   time,
    time_zone  text,
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from IS NULL) = (time_zone IS NULL))
);

-- The key pair that proves to web push services who sends; browsers subscribe to its public half, so it never changes by itself.
CREATE TABLE vapid_key (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    public_key  text NOT NULL,                       -- uncompressed point of P-256, base64url
    private_key text NOT NULL,                       -- base64url
    created_at  timestamptz NOT NULL
);

-- Whether the level "all" was chosen or is what everyone begins with: in large groups the beginning means "mentions". No row is touched.
ALTER TABLE member ADD COLUMN notifications_chosen boolean NOT NULL DEFAULT false;
