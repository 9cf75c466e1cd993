package chat.parley.redis;

import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;

/** A connection on which one thread reads what comes, while another one writes. */
public final class SubscribingConnection extends Connection {
    SubscribingConnection(HostAndPort server, JedisClientConfig config) {
        super(server, config);
    }

    /** Sends what was written so far. */
    @Override
    public void flush() {
        super.flush();
    }
}
