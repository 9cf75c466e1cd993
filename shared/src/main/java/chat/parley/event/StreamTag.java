package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;

/**
 * A short name of what a server holds now. It is made of the server's replication id, which changes when a replica takes over and when a server comes back
 * from disk, and of a generation kept in a key, which is gone after a FLUSHALL; nothing else tells of that one. In a cluster every master has its own,
 * so that only those are rebuilt whose streams it held.
 */
final class StreamTag {
    /** Between the tags of several masters. */
    static final String SEPARATOR = ",";

    /** Before a tag was read: no cursor of ours carries it. */
    private static final String NONE = "0";

    /** The cursor's form has room for 8 hex digits, and the contract says 6. */
    private static final int TAG_MASK = 0xffffff;

    private static final int GENERATION_BYTES = 8;

    private final Redis redis;
    private final SecureRandom random = new SecureRandom();
    private final Map<HostAndPort, String> newest = new ConcurrentHashMap<>();

    StreamTag(Redis redis) {
        this.redis = redis;
    }

    /** Asks the server that holds {@code key}. */
    String read(byte[] key) {
        var server = redis.holder(key);
        if (server == null) {
            redis.lookAgain();
            throw new StoreUnavailable("redis", new IllegalStateException("nobody is known to hold the key"));
        }
        return read(server);
    }

    /** Asks every server. */
    String readAll() {
        var servers = redis.holders();
        if (servers.isEmpty()) {
            redis.lookAgain();
            throw new StoreUnavailable("redis", new IllegalStateException("no server is known"));
        }
        var tags = new TreeSet<String>();
        servers.forEach(server -> tags.add(read(server)));
        return String.join(SEPARATOR, tags);
    }

    /** Asks this server. */
    String read(HostAndPort server) {
        String replication = redis.replicationTag(server);
        String name = redis.isCluster() ? redis.nameHeldBy(server, RedisKeys::generation) : RedisKeys.GENERATION;
        String generation = get(server, name);
        if (generation == null) {
            byte[] fresh = new byte[GENERATION_BYTES];
            random.nextBytes(fresh);
            var set = new CommandArguments(Command.SET)
                    .key(name)
                    .add(HexFormat.of().formatHex(fresh))
                    .add("NX");
            redis.at(server, it -> it.executeCommand(set));
            generation = get(server, name);
        }
        var sum = new CRC32();
        sum.update((replication + generation).getBytes(ISO_8859_1));
        String tag = "%06x".formatted(sum.getValue() & TAG_MASK);
        newest.put(server, tag);
        return tag;
    }

    /** The tag of this server as it was last read, or one that no cursor of ours carries. */
    String newest(@Nullable HostAndPort server) {
        return server == null ? NONE : newest.getOrDefault(server, NONE);
    }

    private @Nullable String get(HostAndPort server, String name) {
        var get = new CommandObject<>(new CommandArguments(Command.GET).key(name), BuilderFactory.STRING);
        return redis.at(server, it -> it.executeCommand(get));
    }
}
