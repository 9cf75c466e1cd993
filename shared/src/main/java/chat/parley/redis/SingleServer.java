package chat.parley.redis;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;

/** One Redis, which holds everything. */
final class SingleServer implements Servers {
    private final HostAndPort address;
    private final RedisClient client;

    SingleServer(HostAndPort address, JedisClientConfig config, ConnectionPoolConfig pool) {
        this.address = address;
        this.client = RedisClient.builder()
                .hostAndPort(address)
                .clientConfig(config)
                .poolConfig(pool)
                .build();
    }

    @Override
    public UnifiedJedis client() {
        return client;
    }

    @Override
    public HostAndPort holder(byte[] key) {
        return address;
    }

    @Override
    public Set<HostAndPort> holders() {
        return Set.of(address);
    }

    @Override
    public Set<HostAndPort> everyone() {
        return holders();
    }

    @Override
    public Connection pooled(HostAndPort server) {
        return client.getPool().getResource();
    }

    @Override
    public void lookAgain() {}

    @Override
    public @Nullable String complaint() {
        return null;
    }

    @Override
    public void close() {
        client.close();
    }
}
