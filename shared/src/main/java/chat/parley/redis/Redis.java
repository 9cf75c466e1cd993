package chat.parley.redis;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
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
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Redis as every part uses it, a single server or a cluster: bounded pools with time limits, and connections of their own for those who block or
 * subscribe. Safe for use by many threads.
 *
 * <p>The servers that hold keys are named by their addresses: the single one, or the masters of the cluster. Which of them holds a key may change at any
 * moment; a command that comes to the wrong one is refused there, never carried out.
 */
public final class Redis implements AutoCloseable {
    /** Longest wait for a connection to open and for a reply. Redis answers in microseconds; after a second it is away. */
    static final Duration REPLY_LIMIT = Duration.ofSeconds(1);

    private static final int TAG_CHARS = 6;

    private final RedisAddress address;
    private final JedisClientConfig config;
    private final Servers servers;

    private Redis(RedisAddress address, JedisClientConfig config, Servers servers) {
        this.address = address;
        this.config = config;
        this.servers = servers;
    }

    /**
     * Opens the pools; does not need the servers to be there yet.
     *
     * @param uri {@code redis://[user:password@]host[:port]}, or {@code redis-cluster://[user:password@]host[:port],host[:port],...} with some nodes of
     *     a cluster; {@code rediss} and {@code rediss-cluster} for TLS
     * @param connections most connections held, to each server
     */
    public static Redis open(URI uri, int connections) {
        var address = RedisAddress.of(uri);
        var config = address.config(REPLY_LIMIT);
        var pool = new ConnectionPoolConfig();
        pool.setMaxTotal(connections);
        pool.setMaxIdle(connections);
        // Without a limit commons-pool spins for ever under virtual threads.
        pool.setMaxWait(REPLY_LIMIT);
        pool.setJmxEnabled(false);
        var servers = address.isCluster()
                ? new ClusterServers(address.hosts(), config, pool)
                : new SingleServer(address.hosts().getFirst(), config, pool);
        return new Redis(address, config, servers);
    }

    /** Whether keys are held by several servers. */
    public boolean isCluster() {
        return address.isCluster();
    }

    /** The server that holds {@code key} or serves that shard channel, as far as is known here; null while that is not known. Does not block. */
    public @Nullable HostAndPort holder(byte[] key) {
        return servers.holder(key);
    }

    /** Every server that holds keys, as far as is known here. Does not block. */
    public Set<HostAndPort> holders() {
        return servers.holders();
    }

    /** Finds out anew, soon, which server holds what: a server refused a key, or is away. Does not block. */
    public void lookAgain() {
        servers.lookAgain();
    }

    /** The first of the names 0, 1, 2, ... that {@code server} holds; of no effect on a single server, where 0 is. */
    public String nameHeldBy(HostAndPort server, IntFunction<String> names) {
        for (int i = 0; i < ClusterServers.SLOTS * 2; i++) {
            String name = names.apply(i);
            if (server.equals(holder(name.getBytes(StandardCharsets.UTF_8)))) {
                return name;
            }
        }
        lookAgain();
        throw new StoreUnavailable("redis", new IllegalStateException(server + " holds no keys"));
    }

    /** Runs {@code work} by the pool, in a cluster at the servers that hold the keys. */
    public <T> T with(Function<UnifiedJedis, T> work) {
        try {
            return work.apply(servers.client());
        } catch (JedisException e) {
            throw failed(e);
        }
    }

    /** Runs {@code work} at one server, by its pool. */
    public <T> T at(HostAndPort server, Function<Connection, T> work) {
        try (var connection = servers.pooled(server)) {
            return work.apply(connection);
        } catch (JedisException e) {
            throw failed(e);
        }
    }

    private RuntimeException failed(JedisException failure) {
        if (!isUnavailable(failure)) {
            return failure;
        }
        servers.lookAgain();
        return new StoreUnavailable("redis", failure);
    }

    /**
     * A connection outside the pool, for a thread that subscribes. The caller closes it.
     *
     * @param silence a read that waits longer fails: with questions sent more often, only a dead connection is silent for so long
     */
    public SubscribingConnection subscribing(HostAndPort server, Duration silence) {
        try {
            var patient = DefaultJedisClientConfig.builder()
                    .from(config)
                    .blockingSocketTimeoutMillis((int) silence.toMillis())
                    .build();
            var connection = new SubscribingConnection(server, patient);
            connection.connect();
            connection.setSoTimeout((int) silence.toMillis());
            return connection;
        } catch (JedisException e) {
            throw failed(e);
        }
    }

    /** A connection outside the pool, for a thread that blocks on it. The caller closes it and sets its own time limit. */
    public Connection dedicated(HostAndPort server) {
        try {
            var connection = new Connection(server, config);
            connection.connect();
            return connection;
        } catch (JedisException e) {
            throw failed(e);
        }
    }

    /**
     * A short tag of a server's replication id, which changes when another server took over or this one came back from
     * disk: then entries may be missing behind a cursor that still looks valid.
     *
     * @throws StoreUnavailable also if the server is not one that holds keys any more
     */
    public String replicationTag(HostAndPort server) {
        String info = info(server, "replication");
        if (!info.contains("role:master")) {
            lookAgain();
            throw new StoreUnavailable("redis", new IllegalStateException(server + " is no master any more"));
        }
        int at = info.indexOf("master_replid:");
        if (at < 0) {
            throw new IllegalStateException("INFO replication does not tell master_replid");
        }
        int from = at + "master_replid:".length();
        return info.substring(from, from + TAG_CHARS);
    }

    /**
     * Asks the servers, and in a cluster their replicas, to write their append-only files anew, so that what was deleted is gone from there too. False where one has none or may
     * not be asked: then it decides by itself when.
     */
    public boolean rewriteFile() {
        boolean all = true;
        for (var server : servers.everyone()) {
            all &= rewriteFile(server);
        }
        return all;
    }

    private boolean rewriteFile(HostAndPort server) {
        try {
            if (!info(server, "persistence").contains("aof_enabled:1")) {
                return false;
            }
            at(server, it -> it.executeCommand(new CommandArguments(Command.BGREWRITEAOF)));
            return true;
        } catch (JedisDataException e) {
            return false; // not allowed here, or one is under way
        }
    }

    /**
     * Null while Redis answers and keeps what it is given, else the reason. One lost master of a cluster is no reason: nodes that left because of it would be
     * missed by everyone else's users.
     */
    public @Nullable String complaint() {
        var holders = servers.holders();
        boolean answers = false;
        for (var server : holders) {
            try {
                var complaint = complaint(server);
                if (complaint != null) {
                    return complaint;
                }
                answers = true;
            } catch (StoreUnavailable e) {
                if (!isCluster()) {
                    throw e;
                }
            }
        }
        return answers ? servers.complaint() : "no master of the cluster answers";
    }

    private @Nullable String complaint(HostAndPort server) {
        String memory = info(server, "memory");
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

    private String info(HostAndPort server, String section) {
        var question = new CommandArguments(Command.INFO).add(section);
        return at(server, it -> it.executeCommand(new CommandObject<>(question, BuilderFactory.STRING)));
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
        servers.close();
    }

    private static boolean isUnavailable(JedisException failure) {
        String message = failure.getMessage();
        return failure instanceof JedisConnectionException
                || failure instanceof JedisClusterOperationException // tried again until the time was over
                || failure instanceof JedisRedirectionException // a slot on its way, in a pipeline
                || failure.getCause() instanceof java.util.NoSuchElementException // the pool's wait is over
                || (message != null
                        && (message.startsWith("OOM")
                                || message.startsWith("LOADING")
                                || message.startsWith("MISCONF")
                                || message.startsWith("READONLY")
                                || message.startsWith("BUSY")
                                || message.startsWith("MASTERDOWN")
                                || message.startsWith("CLUSTERDOWN")
                                || message.startsWith("TRYAGAIN")
                                || message.contains("non local key") // a slot on its way, in a script
                                || message.startsWith("Could not get a resource")));
    }
}
