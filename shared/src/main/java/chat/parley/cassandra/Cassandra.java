package chat.parley.cassandra;

import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.RequestThrottlingException;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.connection.HeartbeatException;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.QueryExecutionException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Cassandra ring as every store uses it: writes and reads at QUORUM, conditional writes and serial reads at LOCAL_SERIAL, each with a time limit. Callers get
 * {@link StoreUnavailable} when the outcome is unknown. Safe for use by many threads.
 */
public final class Cassandra implements AutoCloseable {
    /** Longer than the server's own limits (2 s), so that the server tells what it knows; shorter than the wait of a send (5 s), so that there is time for a second look. */
    private static final Duration REQUEST_LIMIT = Duration.ofMillis(2_500);

    /** Longest wait for a connection; a node that needs longer is as good as down. */
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    /** A change of the schema is agreed on by all nodes within seconds. */
    private static final Duration SCHEMA_LIMIT = Duration.ofSeconds(20);

    /** A ring takes a node back soon after it answers again. */
    private static final Duration RECONNECT_FIRST = Duration.ofMillis(200);

    private static final Duration RECONNECT_MAX = Duration.ofSeconds(5);

    private static final Pattern KEYSPACE = Pattern.compile("[a-z][a-z0-9_]{0,47}");

    private final CqlSession session;
    private final String keyspace;

    private Cassandra(CqlSession session, String keyspace) {
        this.session = session;
        this.keyspace = keyspace;
    }

    /**
     * Where the ring is.
     *
     * @param contacts some nodes of it; the driver finds the others
     * @param dataCenter the one that this process is in
     * @param replicas how many nodes keep a row; only for a keyspace that is made anew
     */
    public record Address(
            List<InetSocketAddress> contacts,
            String dataCenter,
            String keyspace,
            int replicas,
            @Nullable String user,
            @Nullable Secret password) {

        /** Checks the keyspace, which stands in statements as it is. */
        public Address {
            if (!KEYSPACE.matcher(keyspace).matches()) {
                throw new IllegalArgumentException("the keyspace must match " + KEYSPACE);
            }
            contacts = List.copyOf(contacts);
        }
    }

    /**
     * Connects, and brings the schema up to date. Any number of processes may do this at once.
     *
     * @throws StoreUnavailable where no node answers
     */
    public static Cassandra open(Address address) {
        try (var session = connect(address, null)) {
            SchemaScripts.apply(session, address.keyspace(), address.dataCenter(), address.replicas());
        } catch (DriverException e) {
            throw explained(e);
        }
        try {
            return new Cassandra(connect(address, address.keyspace()), address.keyspace());
        } catch (DriverException e) {
            throw explained(e);
        }
    }

    private static CqlSession connect(Address address, @Nullable String keyspace) {
        var config = DriverConfigLoader.programmaticBuilder()
                .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "QUORUM")
                .withString(DefaultDriverOption.REQUEST_SERIAL_CONSISTENCY, "LOCAL_SERIAL")
                .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, REQUEST_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_CONNECT_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_SET_KEYSPACE_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONTROL_CONNECTION_AGREEMENT_TIMEOUT, SCHEMA_LIMIT)
                .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, RECONNECT_FIRST)
                .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, RECONNECT_MAX)
                // Retries of the driver's own would repeat conditional writes; what may be repeated says so itself.
                .withBoolean(DefaultDriverOption.REQUEST_DEFAULT_IDEMPOTENCE, false)
                .withInt(DefaultDriverOption.NETTY_IO_SHUTDOWN_QUIET_PERIOD, 0)
                .withInt(DefaultDriverOption.NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 0)
                .build();
        var builder = CqlSession.builder()
                .withConfigLoader(config)
                .addContactPoints(address.contacts())
                .withLocalDatacenter(address.dataCenter());
        if (keyspace != null) {
            builder.withKeyspace(CqlIdentifier.fromInternal(keyspace));
        }
        var password = address.password();
        if (address.user() != null && password != null) {
            builder.withAuthCredentials(address.user(), password.reveal());
        }
        return builder.build();
    }

    /** Prepares a statement that may be repeated without harm, so that the driver may send it to another node. */
    public PreparedStatement prepareRead(String cql) {
        return prepare(SimpleStatement.builder(cql).setIdempotence(true).build());
    }

    /** Prepares a statement that must not be repeated unasked. */
    public PreparedStatement prepareWrite(String cql) {
        return prepare(SimpleStatement.newInstance(cql));
    }

    private PreparedStatement prepare(SimpleStatement statement) {
        try {
            return session.prepare(statement);
        } catch (DriverException e) {
            throw explained(e);
        }
    }

    /** Runs one statement and waits for it. */
    public ResultSet execute(Statement<?> statement) {
        try {
            return session.execute(statement);
        } catch (DriverException e) {
            throw explained(e);
        }
    }

    /** The session itself, for statements that are not waited for; their failures are explained by {@link #explained}. */
    public CqlSession session() {
        return session;
    }

    /** The time that an unconditional write of now is given, in microseconds; grows with each call. */
    public long timestamp() {
        return session.getContext().getTimestampGenerator().next();
    }

    /** Null while a quorum of the ring answers, else the reason. */
    public @Nullable String complaint() {
        try {
            session.execute(SimpleStatement.newInstance("SELECT version FROM schema_version LIMIT 1"));
            return null;
        } catch (DriverException e) {
            return "keyspace " + keyspace + ": " + e.getMessage();
        }
    }

    /** {@link StoreUnavailable} for what may be tried again, else the failure itself. */
    public static RuntimeException explained(DriverException failure) {
        boolean isUnavailable = failure instanceof DriverTimeoutException
                || failure instanceof AllNodesFailedException
                || failure instanceof RequestThrottlingException
                || failure instanceof ClosedConnectionException
                || failure instanceof HeartbeatException
                || failure
                        instanceof QueryExecutionException; // overloaded, unavailable, timed out, failed on a replica
        return isUnavailable ? new StoreUnavailable("cassandra", failure) : failure;
    }

    @Override
    public void close() {
        session.close();
    }
}
