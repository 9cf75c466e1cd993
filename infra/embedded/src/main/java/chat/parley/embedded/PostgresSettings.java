package chat.parley.embedded;

import java.util.List;

/** Every setting of the embedded PostgreSQL that differs from its default or must not be changed, with the reason. */
final class PostgresSettings {
    private PostgresSettings() {}

    static List<String> of(int port, String clusterName) {
        return List.of(
                // Who can reach it: this machine, by password.
                "listen_addresses=127.0.0.1",
                "port=" + port,
                "unix_socket_directories=",
                "cluster_name=" + clusterName,
                // An answer to a sender means "on disk". Never weaken these two.
                "fsync=on",
                "synchronous_commit=on",
                // Pools of three services and a few tools. Each connection costs about 5 MB when it works.
                "max_connections=100",
                // A small machine also runs a JVM and Redis; the page cache of the system does the rest.
                "shared_buffers=128MB",
                "effective_cache_size=512MB",
                // Short statements: reading ahead by worker processes and compiled expressions cost more than they
                // save.
                "io_method=sync",
                "jit=off",
                "random_page_cost=1.1",
                // Fewer full page images and fewer checkpoints under steady writes; recovery stays within seconds.
                "max_wal_size=1GB",
                "min_wal_size=128MB",
                "checkpoint_timeout=10min",
                // No replica to feed; but log enough to copy the cluster while it runs, see the backups of
                // docs/operations.md.
                "max_wal_senders=0",
                "wal_level=replica",
                "max_logical_replication_workers=0",
                // The outbox lives on deleting: its dead rows must go soon, or each look at it gets slower.
                "autovacuum_naptime=15s",
                // A client that died in a transaction holds locks of conversations.
                "idle_in_transaction_session_timeout=60s",
                "timezone=UTC",
                "log_timezone=UTC",
                // Statements, their details and parameters contain what people wrote.
                "log_min_error_statement=panic",
                "log_error_verbosity=terse",
                "log_parameter_max_length=0",
                "log_parameter_max_length_on_error=0",
                "log_checkpoints=off");
    }
}
