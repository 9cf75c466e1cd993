package chat.parley.redis;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Redis as every part uses it: a bounded pool with time limits, and connections of their own for those who block or subscribe.
 * Safe for use by many threads.
 */
public final class Redis implements AutoCloseable {
    /** Longest wait for a connection to open and for a reply. Redis answers in microseconds; after a second it is away. */
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(1);

    private static final int DEFAULT_PORT = 6379;
    private static final int TAG_CHARS = 6;

    private final HostAndPort address;
    private final JedisClientConfig config;
    private final RedisClient client;

    private Redis(HostAndPort address, JedisClientConfig config, RedisClient client) {
        this.address = address;
        this.config = config;
        this.client = client;
    }

    /**
     * Opens the pool; does not need the server to be there yet.
     *
     * @param uri {@code redis://[user:password@]host[:port]}, {@code rediss} for TLS
     * @param connections most connections held
     */
    public static Redis open(URI uri, int connections) {
        var address = new HostAndPort(uri.getHost(), uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
        var config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis((int) REPLY_LIMIT.toMillis())
                .socketTimeoutMillis((int) REPLY_LIMIT.toMillis())
                .blockingSocketTimeoutMillis((int) REPLY_LIMIT.toMillis())
                .clientName("parley");
        if ("rediss".equals(uri.getScheme())) {
            config.sslOptions(SslOptions.defaults());
        }
        credentials(uri, config);
        var pool = new ConnectionPoolConfig();
        pool.setMaxTotal(connections);
        pool.setMaxIdle(connections);
        // Without a limit commons-pool spins for ever under virtual threads.
        pool.setMaxWait(REPLY_LIMIT);
        pool.setJmxEnabled(false);
        var built = config.build();
        var client = RedisClient.builder()
                .hostAndPort(address)
                .clientConfig(built)
                .poolConfig(pool)
                .build();
        return new Redis(address, built, client);
    }

    /** Runs {@code work} by the pool. */
    public <T> T with(Function<RedisClient, T> work) {
        try {
            return work.apply(client);
        } catch (JedisException e) {
            throw isUnavailable(e) ? new StoreUnavailable("redis", e) : e;
        }
    }

    /**
     * A connection outside the pool, for a thread that subscribes. The caller closes it.
     *
     * @param silence a read that waits longer fails: with questions sent more often, only a dead connection is silent for so long
     */
    public Connection subscribing(Duration silence) {
        try {
            var patient = DefaultJedisClientConfig.builder()
                    .from(config)
                    .blockingSocketTimeoutMillis((int) silence.toMillis())
                    .build();
            var connection = new Connection(address, patient);
            connection.connect();
            return connection;
        } catch (JedisException e) {
            throw new StoreUnavailable("redis", e);
        }
    }

    /** A connection outside the pool, for a thread that blocks on it or subscribes. The caller closes it and sets its own time limit. */
    public Connection dedicated() {
        try {
            var connection = new Connection(address, config);
            connection.connect();
            return connection;
        } catch (JedisException e) {
            throw new StoreUnavailable("redis", e);
        }
    }

    /**
     * A short tag of the server's replication id, which changes when another server took over or this one came back from
     * disk: then entries may be missing behind a cursor that still looks valid.
     */
    public String replicationTag() {
        String info = with(redis -> redis.info("replication"));
        int at = info.indexOf("master_replid:");
        if (at < 0) {
            throw new IllegalStateException("INFO replication does not tell master_replid");
        }
        int from = at + "master_replid:".length();
        return info.substring(from, from + TAG_CHARS);
    }

    /**
     * Asks the server to write its append-only file anew, so that what was deleted is gone from there too. False where there is none or it may not be asked:
     * then the server decides by itself when.
     */
    public boolean rewriteFile() {
        try {
            return with(redis -> {
                if (!redis.info("persistence").contains("aof_enabled:1")) {
                    return false;
                }
                redis.executeCommand(
                        new CommandObject<>(new CommandArguments(Command.BGREWRITEAOF), BuilderFactory.STRING));
                return true;
            });
        } catch (JedisDataException e) {
            return false; // not allowed here, or one is under way
        }
    }

    /** Null while the server answers and keeps what it is given, else the reason. */
    public @Nullable String complaint() {
        String memory = with(redis -> redis.info("memory"));
        int at = memory.indexOf("maxmemory_policy:");
        String policy = at < 0
                ? "unknown"
                : memory.substring(at + "maxmemory_policy:".length())
                        .lines()
                        .findFirst()
                        .orElse("unknown");
        // Under allkeys-* and, as our streams expire, also under volatile-*, Redis deletes whole streams without a
        // word.
        return policy.equals("noeviction")
                ? null
                : "maxmemory-policy is " + policy + "; it must be noeviction, or streams are deleted silently";
    }

    /** The text of the script {@code redis/<name>.lua}. */
    public static String script(String name) {
        try (var in = Redis.class.getResourceAsStream("/redis/" + name + ".lua")) {
            if (in == null) {
                throw new IllegalArgumentException("no script " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read script " + name, e);
        }
    }

    @Override
    public void close() {
        client.close();
    }

    private static boolean isUnavailable(JedisException failure) {
        String message = failure.getMessage();
        return failure instanceof JedisConnectionException
                || failure.getCause() instanceof java.util.NoSuchElementException // the pool's wait is over
                || (message != null
                        && (message.startsWith("OOM")
                                || message.startsWith("LOADING")
                                || message.startsWith("MISCONF")
                                || message.startsWith("READONLY")
                                || message.startsWith("BUSY")
                                || message.startsWith("MASTERDOWN")
                                || message.startsWith("Could not get a resource")));
    }

    private static void credentials(URI uri, DefaultJedisClientConfig.Builder config) {
        String info = uri.getUserInfo();
        if (info == null) {
            return;
        }
        int colon = info.indexOf(':');
        if (colon > 0) {
            config.user(info.substring(0, colon));
        }
        config.password(info.substring(colon + 1));
    }
}
