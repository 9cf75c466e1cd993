-- Who wants nothing to do with whom.
CREATE TABLE block (
    blocker_id bigint NOT NULL REFERENCES users,
    blocked_id bigint NOT NULL REFERENCES users,
    blocked_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX block_by_age ON block (blocker_id, blocked_at, blocked_id);
CREATE INDEX block_by_blocked ON block (blocked_id);

-- Whom a member wants to be woken by; the member's own business, so changed_at does not move.
ALTER TABLE member
    ADD COLUMN muted_until   timestamptz,
    ADD COLUMN notifications text NOT NULL DEFAULT 'all' CHECK (notifications IN ('all', 'mentions', 'none'));

-- What somebody found wrong with a message, and what it said then.
CREATE TABLE report (
    conversation_id bigint NOT NULL,
    seq             bigint NOT NULL,
    reporter_id     bigint NOT NULL REFERENCES users,
    reason          text NOT NULL CHECK (reason IN ('spam', 'abuse', 'illegal', 'other')),
    note            text NOT NULL DEFAULT '',
    snapshot        text NOT NULL,                 -- the message's JSON, as the reporter saw it
    reported_at     timestamptz NOT NULL,
    settled_at      timestamptz,                   -- null while it waits for somebody to look at it
    settled_by      bigint REFERENCES users,
    PRIMARY KEY (conversation_id, seq, reporter_id)
);
CREATE INDEX report_open ON report (conversation_id, seq, reported_at) WHERE settled_at IS NULL;
CREATE INDEX report_open_by_reporter ON report (reporter_id) WHERE settled_at IS NULL;
