package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.zip.CRC32;
import redis.clients.jedis.params.SetParams;

/**
 * A short name of what Redis holds now. It is made of the server's replication id, which changes when a replica takes over and when a server comes back
 * from disk, and of a generation kept in a key, which is gone after a FLUSHALL; nothing else tells of that one.
 */
final class StreamTag {
    /** The cursor's form has room for 8 hex digits, and the contract says 6. */
    private static final int TAG_MASK = 0xffffff;

    private static final int GENERATION_BYTES = 8;

    private final Redis redis;
    private final SecureRandom random = new SecureRandom();
    private volatile String newest = "0";

    StreamTag(Redis redis) {
        this.redis = redis;
    }

    /** Asks Redis. */
    String read() {
        String replication = redis.replicationTag();
        String generation = redis.with(it -> it.get(RedisKeys.GENERATION));
        if (generation == null) {
            byte[] fresh = new byte[GENERATION_BYTES];
            random.nextBytes(fresh);
            generation = redis.with(it -> {
                it.set(
                        RedisKeys.GENERATION,
                        HexFormat.of().formatHex(fresh),
                        SetParams.setParams().nx());
                return it.get(RedisKeys.GENERATION);
            });
        }
        var sum = new CRC32();
        sum.update((replication + generation).getBytes(ISO_8859_1));
        newest = "%06x".formatted(sum.getValue() & TAG_MASK);
        return newest;
    }

    /** As it was last read, or "0", which no cursor of ours carries. */
    String newest() {
        return newest;
    }
}
