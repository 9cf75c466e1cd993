package chat.parley.testkit;

import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import redis.clients.jedis.Jedis;

/**
 * The Redis server of this JVM, emptied before each test. Register it as a static field:
 * {@code @RegisterExtension static final RealRedis REDIS = RealRedis.shared();} For tests that kill it: {@link #own}.
 */
public final class RealRedis implements BeforeEachCallback {
    private RealRedis() {}

    public static RealRedis shared() {
        return new RealRedis();
    }

    /** A server of the test's own, to be killed, paused and restarted; close it afterwards. */
    public static OwnServer<EmbeddedRedis> own(Persistence persistence) {
        var folder = TestServers.temporaryFolder("own-redis");
        return new OwnServer<>(EmbeddedRedis.start(folder.resolve("data"), 0, persistence), folder);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        flushAll();
    }

    /** Empties the server at once, also in the middle of a test. */
    public void flushAll() {
        try (var jedis = jedis()) {
            jedis.flushAll();
        }
    }

    /** A plain connection to look around with; close it. */
    public Jedis jedis() {
        var jedis = new Jedis(host(), port());
        jedis.auth(password());
        return jedis;
    }

    public String host() {
        return TestServers.redisAddress().host();
    }

    public int port() {
        return TestServers.redisAddress().port();
    }

    public String password() {
        return TestServers.redisAddress().password();
    }

    /** With the password inside. */
    public String uri() {
        return "redis://:" + password() + "@" + host() + ":" + port();
    }

    /** The server behind, shared by all tests of this JVM: never kill it. */
    public EmbeddedRedis server() {
        return TestServers.redis();
    }
}
