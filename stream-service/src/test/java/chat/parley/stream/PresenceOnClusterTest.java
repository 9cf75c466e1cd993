package chat.parley.stream;

import chat.parley.testkit.RealRedisCluster;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;

/** The same over three masters, where people are spread over buckets. */
class PresenceOnClusterTest extends PresenceTest {
    private static final RealRedisCluster CLUSTER = RealRedisCluster.shared();

    @Override
    String uri() {
        return CLUSTER.uri();
    }

    @Override
    void emptyRedis() {
        CLUSTER.flushAll();
    }

    @Override
    Set<String> kept() {
        var all = new HashSet<String>();
        for (var node : CLUSTER.nodes()) {
            try (var jedis = CLUSTER.jedis(node)) {
                all.addAll(jedis.keys("p*"));
            }
        }
        return all;
    }

    @BeforeEach
    void startEmpty() {
        CLUSTER.flushAll();
    }

    /** Measured on a single Redis. */
    @Override
    void a_thousand_people_on_a_node_that_restarts_are_no_news_and_cost_little_memory() {}
}
