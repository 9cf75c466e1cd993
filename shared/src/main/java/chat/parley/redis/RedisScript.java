package chat.parley.redis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** A script {@code redis/<name>.lua}, run by the pool; sent whole only where the server does not know it yet. Safe for use by many threads. */
public final class RedisScript {
    private final String text;
    private final String sha;

    private RedisScript(String text) {
        this.text = text;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            this.sha = HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** Reads the script. */
    public static RedisScript named(String name) {
        return new RedisScript(Redis.script(name));
    }

    /** Runs it. Answers what it answers; null for nothing. */
    public Object run(Redis redis, List<String> keys, List<String> arguments) {
        return redis.with(it -> {
            try {
                return it.evalsha(sha, keys, arguments);
            } catch (JedisNoScriptException e) {
                return it.eval(text, keys, arguments);
            }
        });
    }
}
