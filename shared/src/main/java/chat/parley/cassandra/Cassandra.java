package chat.parley.cassandra;

import chat.parley.ops.Secret;
import chat.parley.ops.Settings;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.RequestThrottlingException;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.connection.HeartbeatException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchStatementBuilder;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.QueryExecutionException;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import com.datastax.oss.driver.api.core.ssl.ProgrammaticSslEngineFactory;
import com.datastax.oss.driver.internal.core.specex.ConstantSpeculativeExecutionPolicy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A Cassandra ring as every store uses it: writes and reads at QUORUM, conditional writes and serial reads at SERIAL, each with a time limit. Callers get
 * {@link StoreUnavailable} when the outcome is unknown. Safe for use by many threads.
 */
public final class Cassandra implements AutoCloseable {
    /** Longer than the server's own limit of a write (2 s), so that the server tells what it knows; short enough for a second look within {@link #LIMIT}. */
    private static final Duration REQUEST_LIMIT = Duration.ofMillis(2_500);

    /** For what may be repeated: a node that stands still must leave time for another one. */
    private static final Duration READ_LIMIT = Duration.ofMillis(1_800);

    /** What is asked outside {@link #within} is answered or given up after this: below the wait of a send (5 s). */
    private static final Duration LIMIT = Duration.ofSeconds(4);

    /** Less time than this is none. */
    private static final Duration LEAST = Duration.ofMillis(20);

    /** Before a repeat after no answer; a ring that lost a node needs a moment, and many are waiting. */
    private static final Duration PAUSE_MAX = Duration.ofMillis(200);

    /** A read that is not answered then is asked of another node too. Long, since a ring that is merely busy gets no quicker by it. */
    private static final Duration SECOND_NODE_AFTER = Duration.ofSeconds(1);

    /** A node that stands still is noticed after these. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);

    private static final Duration HEARTBEAT_LIMIT = Duration.ofSeconds(2);

    /**
     * By version 5 a conditional write's timeout carries a number that a node with Paxos v2 leaves out; the driver then closes the connection, with all that is under way on it
     * (5.0.9 with 4.19.3).
     */
    private static final String PROTOCOL = "V4";

    private static final String PLAIN_READS = "plain-reads";

    /** For conditional writes and serial reads. */
    private static final String IN_TURN = "in-turn";

    /** When what this thread does must be over, in nanoseconds. */
    private static final ScopedValue<Long> END = ScopedValue.newInstance();

    /** Longest wait for a connection; a node that needs longer is as good as down. */
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    /** A change of the schema is agreed on by all nodes within seconds. */
    private static final Duration SCHEMA_LIMIT = Duration.ofSeconds(20);

    /** A ring takes a node back soon after it answers again. */
    private static final Duration RECONNECT_FIRST = Duration.ofMillis(200);

    private static final Duration RECONNECT_MAX = Duration.ofSeconds(5);

    /** Most statements of one call under way. */
    private static final int AT_ONCE = 200;

    private static final Pattern KEYSPACE = Pattern.compile("[a-z][a-z0-9_]{0,47}");

    private final CqlSession session;
    private final String keyspace;
    private final FirstReplica inTurn;

    private Cassandra(CqlSession session, String keyspace) {
        this.session = session;
        this.keyspace = keyspace;
        this.inTurn = (FirstReplica) session.getContext().getLoadBalancingPolicy(IN_TURN);
    }

    /**
     * Where the ring is.
     *
     * @param contacts some nodes of it; the driver finds the others
     * @param dataCenter the one that this process is in
     * @param replicas how many nodes keep a row; only for a keyspace that is made anew
     * @param tls whether connections are encrypted, and the nodes' certificates checked against those that this JVM trusts
     */
    public record Address(
            List<InetSocketAddress> contacts,
            String dataCenter,
            String keyspace,
            int replicas,
            @Nullable String user,
            @Nullable Secret password,
            boolean tls) {
        private static final String CONTACTS = "PARLEY_CASSANDRA_CONTACTS";
        private static final String CONTACTS_EXAMPLE = "cassandra-1.example:9042,cassandra-2.example:9042";
        private static final int PORT = 9042;
        private static final int REPLICAS = 3;
        private static final int REPLICAS_MAX = 9;

        /** Reads {@code PARLEY_CASSANDRA_*}. */
        public static Address from(Settings settings) {
            var contacts = new ArrayList<InetSocketAddress>();
            for (var contact : settings.required(CONTACTS, CONTACTS_EXAMPLE).split(",", -1)) {
                contacts.add(contact(contact.strip()));
            }
            String user = settings.textOrNull("PARLEY_CASSANDRA_USER");
            var password = settings.secretOrNull("PARLEY_CASSANDRA_PASSWORD");
            if ((user == null) != (password == null)) {
                throw new IllegalArgumentException(
                        "PARLEY_CASSANDRA_USER and PARLEY_CASSANDRA_PASSWORD are needed together, or neither");
            }
            String keyspace = settings.text("PARLEY_CASSANDRA_KEYSPACE", "parley");
            if (!KEYSPACE.matcher(keyspace).matches()) {
                throw new IllegalArgumentException(
                        "PARLEY_CASSANDRA_KEYSPACE is " + keyspace + "; it must match " + KEYSPACE);
            }
            return new Address(
                    contacts,
                    settings.text("PARLEY_CASSANDRA_DATACENTER", "datacenter1"),
                    keyspace,
                    settings.number(
                            "PARLEY_CASSANDRA_REPLICAS",
                            REPLICAS,
                            1,
                            REPLICAS_MAX,
                            "each is one more node that keeps every message"),
                    user,
                    password,
                    settings.flag("PARLEY_CASSANDRA_TLS", false));
        }

        /** Lets {@code settings} know our names where they are of no effect. */
        public static void know(Settings settings) {
            for (var name : List.of("CONTACTS", "USER", "PASSWORD", "KEYSPACE", "DATACENTER", "REPLICAS", "TLS")) {
                settings.textOrNull("PARLEY_CASSANDRA_" + name);
            }
        }

        private static InetSocketAddress contact(String text) {
            try {
                var uri = new URI("cassandra://" + text);
                if (uri.getHost() != null && uri.getPath().isEmpty() && uri.getUserInfo() == null) {
                    return InetSocketAddress.createUnresolved(uri.getHost(), uri.getPort() < 0 ? PORT : uri.getPort());
                }
            } catch (URISyntaxException e) {
                throw badContact(text, e);
            }
            throw badContact(text, null);
        }

        private static IllegalArgumentException badContact(String text, @Nullable Exception cause) {
            return new IllegalArgumentException(
                    CONTACTS + " has " + text + "; it is a list of hosts and ports, for example " + CONTACTS_EXAMPLE,
                    cause);
        }

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
                .withString(DefaultDriverOption.PROTOCOL_VERSION, PROTOCOL)
                .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "QUORUM")
                // Not LOCAL_SERIAL: a keyspace may span data centers, and each would agree with itself only.
                .withString(DefaultDriverOption.REQUEST_SERIAL_CONSISTENCY, "SERIAL")
                .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, REQUEST_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_CONNECT_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONNECTION_SET_KEYSPACE_TIMEOUT, CONNECT_LIMIT)
                .withDuration(DefaultDriverOption.CONTROL_CONNECTION_AGREEMENT_TIMEOUT, SCHEMA_LIMIT)
                .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, RECONNECT_FIRST)
                .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, RECONNECT_MAX)
                .withDuration(DefaultDriverOption.HEARTBEAT_INTERVAL, HEARTBEAT)
                .withDuration(DefaultDriverOption.HEARTBEAT_TIMEOUT, HEARTBEAT_LIMIT)
                // Retries of the driver's own would repeat conditional writes; what may be repeated says so itself.
                .withBoolean(DefaultDriverOption.REQUEST_DEFAULT_IDEMPOTENCE, false)
                .withInt(DefaultDriverOption.NETTY_IO_SHUTDOWN_QUIET_PERIOD, 0)
                .withInt(DefaultDriverOption.NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 0)
                .startProfile(PLAIN_READS)
                .withClass(
                        DefaultDriverOption.SPECULATIVE_EXECUTION_POLICY_CLASS,
                        ConstantSpeculativeExecutionPolicy.class)
                .withInt(DefaultDriverOption.SPECULATIVE_EXECUTION_MAX, 2)
                .withDuration(DefaultDriverOption.SPECULATIVE_EXECUTION_DELAY, SECOND_NODE_AFTER)
                .endProfile()
                .startProfile(IN_TURN)
                .withClass(DefaultDriverOption.LOAD_BALANCING_POLICY_CLASS, FirstReplica.class)
                .endProfile()
                .build();
        var builder = CqlSession.builder()
                .withConfigLoader(config)
                .addContactPoints(address.contacts())
                .withLocalDatacenter(address.dataCenter())
                .withLocalDatacenter(IN_TURN, address.dataCenter());
        if (keyspace != null) {
            builder.withKeyspace(CqlIdentifier.fromInternal(keyspace));
        }
        var password = address.password();
        if (address.user() != null && password != null) {
            builder.withAuthCredentials(address.user(), password.reveal());
        }
        if (address.tls()) {
            builder.withSslEngineFactory(new ProgrammaticSslEngineFactory(trusted(), null, true));
        }
        return builder.build();
    }

    private static SSLContext trusted() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /** Prepares a statement that may be repeated without harm, and is when no answer comes. */
    public PreparedStatement prepareRead(String cql) {
        return prepare(SimpleStatement.builder(cql)
                .setIdempotence(true)
                .setExecutionProfileName(PLAIN_READS)
                .build());
    }

    /** Prepares a conditional write, or a part of {@link #batch}; it is not repeated unasked. */
    public PreparedStatement prepareWrite(String cql) {
        return prepare(
                SimpleStatement.builder(cql).setExecutionProfileName(IN_TURN).build());
    }

    /** A conditional batch, to which statements are added. */
    public static BatchStatementBuilder batch() {
        return BatchStatement.builder(DefaultBatchType.UNLOGGED).setExecutionProfileName(IN_TURN);
    }

    private PreparedStatement prepare(SimpleStatement statement) {
        try {
            return session.prepare(statement);
        } catch (DriverException e) {
            throw explained(e);
        }
    }

    /** The same read after all that is under way in its partition is decided. Never asked of two nodes at once, which would be in each other's way. */
    public static BoundStatement serially(BoundStatement read) {
        return read.setConsistencyLevel(ConsistencyLevel.SERIAL).setExecutionProfileName(IN_TURN);
    }

    /** What {@code work} asks is answered or given up when so much time is over; inside another call of this, no later than that one's. */
    public static <T> T within(Duration limit, Supplier<T> work) {
        long end = System.nanoTime() + limit.toNanos();
        boolean isSooner = !END.isBound() || end - END.get() < 0;
        return isSooner ? ScopedValue.where(END, end).call(work::get) : work.get();
    }

    /** For what must be finished once it is begun, however long its caller still waits. */
    public static <T> T apart(Duration limit, Supplier<T> work) {
        return ScopedValue.where(END, System.nanoTime() + limit.toNanos()).call(work::get);
    }

    /** How much of the time given by {@link #within} is left; not positive for none. */
    public static Duration left() {
        return END.isBound() ? Duration.ofNanos(END.get() - System.nanoTime()) : LIMIT;
    }

    /** Runs one statement and waits for it. */
    public ResultSet execute(Statement<?> statement) {
        return new Pages(this, statement, page(statement));
    }

    ResultSet page(Statement<?> statement) {
        return within(
                LIMIT, () -> Boolean.TRUE.equals(statement.isIdempotent()) ? repeated(statement) : once(statement));
    }

    private ResultSet once(Statement<?> statement) {
        try {
            return asked(statement, REQUEST_LIMIT);
        } catch (DriverException e) {
            throw explained(e);
        }
    }

    private ResultSet repeated(Statement<?> statement) {
        while (true) {
            try {
                return asked(statement, READ_LIMIT);
            } catch (DriverException e) {
                var failure = explained(e);
                if (!(failure instanceof StoreUnavailable) || !hasPaused()) {
                    throw failure;
                }
            }
        }
    }

    private ResultSet asked(Statement<?> statement, Duration limit) {
        var timeout = atMost(limit);
        var first = IN_TURN.equals(statement.getExecutionProfileName())
                ? inTurn.newQueryPlan(statement, session).peek()
                : null;
        long begun = System.nanoTime();
        try {
            return session.execute(statement.setTimeout(timeout));
        } catch (DriverTimeoutException e) {
            if (first != null && timeout.equals(limit)) {
                inTurn.missed(first, begun);
            }
            throw e;
        }
    }

    private static Duration atMost(Duration limit) {
        var left = left();
        return left.compareTo(limit) > 0 ? limit : left.compareTo(LEAST) < 0 ? LEAST : left;
    }

    /** A short while of random length, so that many do not try again at the same moment; false where no time is left for it. */
    public static boolean hasPaused() {
        return hasPaused(PAUSE_MAX);
    }

    /** The same, so long at most. */
    public static boolean hasPaused(Duration most) {
        long millis = 1 + ThreadLocalRandom.current().nextLong(most.toMillis());
        if (left().toMillis() < millis) {
            return false;
        }
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("cassandra", e);
        }
    }

    /** Runs reads at once, so many of them that a ring is not swamped; all rows of each, in their order. */
    public List<List<Row>> executeAll(List<? extends Statement<?>> statements) {
        return within(LIMIT, () -> {
            var answers = new ArrayList<List<Row>>();
            for (int i = 0; i < statements.size(); i += AT_ONCE) {
                part(statements.subList(i, Math.min(statements.size(), i + AT_ONCE)), answers);
            }
            return answers;
        });
    }

    private void part(List<? extends Statement<?>> statements, List<List<Row>> answers) {
        var limit = atMost(READ_LIMIT);
        var pending = new ArrayList<CompletionStage<AsyncResultSet>>();
        statements.forEach(each -> pending.add(session.executeAsync(each.setTimeout(limit))));
        for (int i = 0; i < pending.size(); i++) {
            answers.add(rows(statements.get(i), pending.get(i)));
        }
    }

    private List<Row> rows(Statement<?> statement, CompletionStage<AsyncResultSet> pending) {
        try {
            var page = pending.toCompletableFuture().join();
            if (!page.hasMorePages()) {
                var rows = new ArrayList<Row>();
                page.currentPage().forEach(rows::add);
                return rows;
            }
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof DriverException failure)) {
                throw e;
            }
            var explained = explained(failure);
            if (!(explained instanceof StoreUnavailable) || !hasPaused()) {
                throw explained;
            }
        }
        return execute(statement).all();
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
                || failure instanceof ServerError // for a reason of a node's own, after whatever it had done
                || failure
                        instanceof QueryExecutionException; // overloaded, unavailable, timed out, failed on a replica
        return isUnavailable ? new StoreUnavailable("cassandra", failure) : failure;
    }

    @Override
    public void close() {
        session.close();
    }
}
