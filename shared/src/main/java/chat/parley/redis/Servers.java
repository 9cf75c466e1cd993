package chat.parley.redis;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.UnifiedJedis;

/** Which server holds what, and pools to reach them. Safe for use by many threads; throws Jedis's exceptions. */
interface Servers extends AutoCloseable {
    /** Sends each command to the server that holds its keys. */
    UnifiedJedis client();

    /** The server that holds a key; null while that is not known. Asks nobody; waits at most while the table is replaced by a new one. */
    @Nullable
    HostAndPort holder(byte[] key);

    /** Every server that holds keys. Does not block. */
    Set<HostAndPort> holders();

    /** These and their replicas. */
    Set<HostAndPort> everyone();

    /** A connection of one server's pool. */
    Connection pooled(HostAndPort server);

    /** Finds out soon which server holds what. Does not block. */
    void lookAgain();

    /** Null where every key is held by some server, else what is missing. */
    @Nullable
    String complaint();

    @Override
    void close();
}
