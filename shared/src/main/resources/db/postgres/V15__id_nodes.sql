-- The node numbers that stand in ids, and up to which time each was granted: docs/adr/0014-node-ids.md. Rows are never added or removed.
CREATE TABLE id_node (
    node       smallint PRIMARY KEY CHECK (node BETWEEN 0 AND 1023), -- 10 bits of an id
    granted_to bigint NOT NULL                                       -- milliseconds since 1970, exclusive; only grows
);
INSERT INTO id_node SELECT node, 0 FROM generate_series(0, 1023) AS node;
