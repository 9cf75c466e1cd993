package chat.parley.stream;

import chat.parley.testkit.RealRedisCluster;
import org.junit.jupiter.api.BeforeEach;

/** The same over three masters. */
class StreamServiceOnClusterTest extends StreamServiceTest {
    private static final RealRedisCluster CLUSTER = RealRedisCluster.shared();

    @Override
    String uri() {
        return CLUSTER.uri();
    }

    @Override
    void emptyRedis() {
        CLUSTER.flushAll();
    }

    @BeforeEach
    void startEmpty() {
        CLUSTER.flushAll();
    }
}
