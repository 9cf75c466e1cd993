-- The latest time that any process is known to have stamped rows with: one row. A process whose clock was set back while it was down starts no earlier.
CREATE TABLE time_floor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at  timestamptz NOT NULL -- only grows
);
INSERT INTO time_floor (at) VALUES (clock_timestamp());
