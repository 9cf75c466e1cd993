package chat.parley.systemtests.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis;
import chat.parley.systemtests.process.RunningParley;
import chat.parley.systemtests.process.Scene;
import chat.parley.testkit.RealRedisCluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** All services as processes over three masters with replicas. {@link Scene#settle} checks that every device has every message once. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RedisClusterTest {
    /** With a master away a send may not wait for it each time; a first one finds out. */
    private static final Duration MODEST = Duration.ofSeconds(3);

    /** Node timeout, vote and promotion take some four seconds; with room for two busy cores. */
    private static final Duration FAILOVER_MAX = Duration.ofSeconds(60);

    private RealRedisCluster cluster;
    private RunningParley parley;

    @BeforeAll
    void start() throws Exception {
        cluster = RealRedisCluster.own();
        parley = RunningParley.start(cluster);
    }

    @AfterAll
    void stop() throws Exception {
        parley.close();
    }

    @Test
    @Order(1)
    void slots_that_move_under_load_take_their_listeners_along() throws Exception {
        try (var scene = Scene.start(parley)) {
            for (var stream : streams()) {
                cluster.moveSlot(stream);
            }
            scene.awaitAcknowledged(100);
            scene.settle();
            for (var device : scene.devices()) {
                assertEquals(1, device.trace().resumed("new"));
                for (var how : List.of("exact", "rebuilt", "reset")) {
                    assertEquals(0, device.trace().resumed(how), "no connection was cut");
                }
            }
        }
    }

    @Test
    @Order(2)
    void kill_9_of_a_master_under_load_loses_nothing_and_sends_go_on() throws Exception {
        try (var scene = Scene.start(parley)) {
            var dead = masterOfMost();
            var replica = cluster.replicaOf(dead);
            scene.slowestAcknowledgement();
            dead.kill();
            scene.awaitAcknowledged(100);
            var slowest = scene.slowestAcknowledgement();
            assertTrue(slowest.compareTo(MODEST) < 0, "the slowest acknowledgement took " + slowest);
            assertEquals(200, parley.sendApi().readyStatus(), "two of three masters are there");
            Awaitility.await("the replica is promoted").atMost(FAILOVER_MAX).until(() -> cluster.isMaster(replica));
            scene.awaitAcknowledged(50);
            scene.settle();

            // The dead one comes back as a replica, and takes over in its turn.
            dead.restart();
            Awaitility.await("it follows").atMost(FAILOVER_MAX).until(() -> cluster.isFollowing(dead));
            replica.kill();
            Awaitility.await("it is promoted").atMost(FAILOVER_MAX).until(() -> cluster.isMaster(dead));
            replica.restart();
        }
        try (var scene = Scene.start(parley)) {
            scene.settle();
        }
    }

    @Test
    @Order(3)
    void a_master_that_is_lost_for_good_with_its_replica_stops_no_send_and_leaves_no_hole() throws Exception {
        try (var scene = Scene.start(parley)) {
            var lost = masterOfMost();
            scene.slowestAcknowledgement();
            cluster.replicaOf(lost).kill();
            lost.kill();
            scene.awaitAcknowledged(100);
            var slowest = scene.slowestAcknowledgement();
            assertTrue(slowest.compareTo(MODEST) < 0, "the slowest acknowledgement took " + slowest);
            assertEquals(0, scene.unanswered());
            cluster.replace(lost);
            scene.awaitAcknowledged(50);
            scene.settle();
        }
    }

    /** Of those who ever got anything. */
    private Set<String> streams() {
        return cluster.keys("s:*");
    }

    private EmbeddedRedis masterOfMost() {
        var byMaster = streams().stream().collect(Collectors.groupingBy(cluster::master, Collectors.counting()));
        return byMaster.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
    }
}
