package chat.parley.redis;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The masters of a Redis Cluster. A thread of its own finds out which of them holds what: at first, every few seconds, and whenever a server refused a
 * key or was away. Commands and all who ask use the same knowledge, so that what is read of a stream and what is read of its server belong together.
 */
final class ClusterServers implements Servers {
    /** Keys and shard channels are spread over so many slots; each is held by one master. */
    static final int SLOTS = 16_384;

    private static final Logger LOG = LoggerFactory.getLogger(ClusterServers.class);

    /** Masters that changed without anyone noticing are known after this time. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

    /** Shorter than a failover takes, and seldom enough that a thousand refused commands are one look. */
    private static final Duration LOOK_PAUSE = Duration.ofMillis(100);

    /** A command is tried again at another master, within the time that a single server has for its answer and its connection. */
    private static final int ATTEMPTS = 4;

    private static final Duration ATTEMPTS_LIMIT = Redis.REPLY_LIMIT.multipliedBy(2);

    private final List<HostAndPort> seeds;
    private final JedisClientConfig config;
    private final ConnectionPoolConfig pool;
    private final CountDownLatch known = new CountDownLatch(1);
    private final Semaphore asked = new Semaphore(0);
    private final Thread looker;
    private volatile @Nullable Opened opened;
    private volatile boolean closing;

    private record Opened(ClusterConnectionProvider provider, RedisClusterClient client) {}

    /** @param seeds some nodes, which tell of the others */
    ClusterServers(List<HostAndPort> seeds, JedisClientConfig config, ConnectionPoolConfig pool) {
        this.seeds = seeds;
        this.config = config;
        this.pool = pool;
        this.looker = Thread.ofPlatform().name("redis-cluster").daemon().start(this::run);
        awaitKnown(); // mostly some milliseconds, so that who begins at once is not told that Redis is away
    }

    @Override
    public UnifiedJedis client() {
        return opened().client;
    }

    @Override
    public @Nullable HostAndPort holder(byte[] key) {
        var now = opened;
        return now == null ? null : now.provider.getNode(JedisClusterCRC16.getSlot(key));
    }

    @Override
    public Set<HostAndPort> holders() {
        var now = opened;
        return now == null ? Set.of() : addresses(now.provider.getPrimaryNodes().keySet());
    }

    @Override
    public Set<HostAndPort> everyone() {
        return addresses(opened().provider.getNodes().keySet());
    }

    @Override
    public Connection pooled(HostAndPort server) {
        return opened().provider.getConnection(server);
    }

    @Override
    public void lookAgain() {
        asked.release();
    }

    @Override
    public @Nullable String complaint() {
        var now = opened;
        for (int slot = 0; now != null && slot < SLOTS; slot++) {
            if (now.provider.getNode(slot) == null) {
                return "slot " + slot + " is held by nobody";
            }
        }
        return null;
    }

    @Override
    public void close() {
        closing = true;
        looker.interrupt();
        try {
            looker.join(ATTEMPTS_LIMIT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var now = opened;
        if (now != null) {
            now.client.close();
        }
    }

    private Opened opened() {
        var now = opened;
        if (now == null) {
            awaitKnown();
            now = opened;
        }
        if (now == null) {
            throw new JedisConnectionException("no node of the cluster answers");
        }
        return now;
    }

    private void awaitKnown() {
        try {
            if (!known.await(Redis.REPLY_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("the cluster is not known yet");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!closing) {
                look();
                TimeUnit.MILLISECONDS.sleep(LOOK_PAUSE.toMillis());
                if (opened != null && asked.tryAcquire(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                    asked.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            var now = opened;
            if (now == null) {
                opened = open();
                known.countDown();
            } else {
                renew(now.provider);
            }
        } catch (JedisException e) {
            LOG.debug("the cluster does not tell who holds what", e);
        } catch (RuntimeException e) {
            LOG.error("looking at the cluster failed; it is looked at again", e);
        }
    }

    private Opened open() {
        var provider = new ClusterConnectionProvider(Set.copyOf(seeds), config, pool);
        var client = RedisClusterClient.builder()
                .nodes(Set.copyOf(seeds))
                .clientConfig(config)
                .connectionProvider(provider)
                .maxAttempts(ATTEMPTS)
                .maxTotalRetriesDuration(ATTEMPTS_LIMIT)
                .build();
        return new Opened(provider, client);
    }

    /** From a node that is with the majority: one that was cut off tells what was long ago. */
    private void renew(ClusterConnectionProvider provider) {
        var info = new CommandObject<>(new CommandArguments(Command.CLUSTER).add("INFO"), BuilderFactory.STRING);
        for (ConnectionPool node : provider.getNodes().values()) {
            try (var connection = node.getResource()) {
                if (connection.executeCommand(info).contains("cluster_state:ok")) {
                    provider.renewSlotCache(connection);
                    return;
                }
            } catch (JedisException e) {
                LOG.debug("a node of the cluster does not answer", e);
            }
        }
        provider.renewSlotCache();
    }

    private static Set<HostAndPort> addresses(Set<String> nodes) {
        var addresses = new HashSet<HostAndPort>();
        nodes.forEach(node -> addresses.add(HostAndPort.from(node)));
        return addresses;
    }
}
