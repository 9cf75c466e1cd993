package chat.parley.postgres;

import chat.parley.ops.Secret;
import chat.parley.ops.Settings;
import chat.parley.ops.StoreUnavailable;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL as every store uses it: a bounded pool with time limits. Callers get {@link StoreUnavailable} when the outcome is unknown and other
 * exceptions when PostgreSQL answered with an error. Safe for use by many threads.
 */
public final class Postgres implements AutoCloseable {
    /** Longest wait for a free connection; a request that waits longer answers 503 while its client still listens. */
    private static final Duration CONNECTION_WAIT = Duration.ofSeconds(2);

    /** Longest run of one statement. Ours take milliseconds; one that does not is in trouble, and holds locks. */
    private static final Duration STATEMENT_LIMIT = Duration.ofSeconds(3);

    /** Longest silence of the server on a socket: later than the statement limit, so that the server ends the statement first. */
    private static final Duration SOCKET_LIMIT = Duration.ofSeconds(5);

    private final HikariDataSource pool;
    private final Jdbi jdbi;

    private Postgres(HikariDataSource pool) {
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
    }

    /** Where the server is. {@code url} is a JDBC URL; user and password may stand in it instead. */
    public record Address(
            String url, @Nullable String user, @Nullable Secret password) {
        /** Reads {@code PARLEY_POSTGRES_URL}, {@code _USER} and {@code _PASSWORD}. */
        public static Address from(Settings settings) {
            String url = settings.required("PARLEY_POSTGRES_URL", "jdbc:postgresql://db.example/parley");
            if (!url.startsWith("jdbc:postgresql:")) {
                throw new IllegalArgumentException(
                        "PARLEY_POSTGRES_URL is not a JDBC URL; it looks like jdbc:postgresql://db.example/parley");
            }
            return new Address(
                    url,
                    settings.textOrNull("PARLEY_POSTGRES_USER"),
                    settings.passwordOrNull("PARLEY_POSTGRES_PASSWORD"));
        }

        /** Without the URL, which may hold a password. */
        @Override
        public String toString() {
            return "Address[redacted]";
        }
    }

    /**
     * Opens the pool; does not migrate, and does not need the server to be there yet.
     *
     * @param connections most connections held, at least 2
     */
    public static Postgres open(Address address, int connections) {
        var config = new HikariConfig();
        config.setPoolName("postgres");
        config.setJdbcUrl(address.url());
        config.setUsername(address.user());
        if (address.password() != null) {
            config.setPassword(address.password().reveal());
        }
        config.setMaximumPoolSize(connections);
        config.setConnectionTimeout(CONNECTION_WAIT.toMillis());
        // Start without the server: /readyz says that it is away, and sends answer 503 until it is back.
        config.setInitializationFailTimeout(-1);
        config.addDataSourceProperty("socketTimeout", SOCKET_LIMIT.toSeconds());
        config.addDataSourceProperty("connectTimeout", CONNECTION_WAIT.toSeconds());
        config.addDataSourceProperty("tcpKeepAlive", true);
        config.addDataSourceProperty("reWriteBatchedInserts", true);
        config.addDataSourceProperty(
                "options",
                "-c statement_timeout=" + STATEMENT_LIMIT.toMillis() + " -c idle_in_transaction_session_timeout="
                        + SOCKET_LIMIT.toMillis() + " -c timezone=UTC");
        return new Postgres(new HikariDataSource(config));
    }

    /** Brings the schema up to date. Any number of processes may do this at once: Flyway holds an advisory lock. */
    public void migrate() {
        Flyway.configure()
                .dataSource(pool)
                .locations("classpath:db/postgres")
                .validateMigrationNaming(true)
                .load()
                .migrate();
    }

    /** Runs {@code work} on one connection, each statement a transaction of its own. */
    public <T, X extends Exception> T with(HandleCallback<T, X> work) throws X {
        try {
            return jdbi.withHandle(work);
        } catch (JdbiException e) {
            throw explained(e);
        }
    }

    /** Runs {@code work} in one transaction, READ COMMITTED; rolled back when it throws. */
    public <T, X extends Exception> T inTransaction(HandleCallback<T, X> work) throws X {
        try {
            return jdbi.inTransaction(TransactionIsolationLevel.READ_COMMITTED, work);
        } catch (JdbiException e) {
            throw explained(e);
        }
    }

    /**
     * Runs {@code work} unless somebody else is at work under the same number; false then. The lock is held by a connection of its own and ends with it: work that
     * outlives its connection may meet another, so it must be harmless when done twice.
     *
     * @param lock any number that no other advisory lock of this database has
     */
    public boolean alone(long lock, Runnable work) {
        return with(handle -> {
            boolean mine = handle.createQuery("SELECT pg_try_advisory_lock(?)")
                    .bind(0, lock)
                    .mapTo(Boolean.class)
                    .one();
            if (!mine) {
                return false;
            }
            try {
                work.run();
            } finally {
                handle.createQuery("SELECT pg_advisory_unlock(?)")
                        .bind(0, lock)
                        .mapTo(Boolean.class)
                        .one();
            }
            return true;
        });
    }

    /** For code on the hot path that speaks JDBC; it explains its exceptions by {@link #isUnavailable}. */
    public DataSource dataSource() {
        return pool;
    }

    /** Null while the server answers, else the reason; bounded by the connection wait. */
    public @Nullable String complaint() throws SQLException {
        try (var connection = pool.getConnection()) {
            return connection.isValid((int) CONNECTION_WAIT.toSeconds()) ? null : "does not answer";
        }
    }

    /** Whether {@code failure} leaves the outcome unknown or means that the server is not serving: to be answered by a retryable 503. */
    public static boolean isUnavailable(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLTransientException
                || failure instanceof SQLRecoverableException
                || failure instanceof SQLNonTransientConnectionException
                || state == null
                || state.startsWith("08") // connection
                || state.startsWith("53") // resources: disk full, too many connections
                || state.startsWith("57") // shutting down, cancelled by the statement limit
                || state.startsWith("58") // the server's input and output
                || state.equals("25006"); // read-only: a standby
    }

    @Override
    public void close() {
        pool.close();
    }

    private static RuntimeException explained(JdbiException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && isUnavailable(sql)) {
                return new StoreUnavailable("postgres", sql);
            }
        }
        return failure;
    }
}
