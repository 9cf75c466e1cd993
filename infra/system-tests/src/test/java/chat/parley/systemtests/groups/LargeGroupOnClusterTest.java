package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.id.ConversationId;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedisCluster;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A group's stream is on one server of a cluster, its members' own streams are on others. */
@Timeout(120)
class LargeGroupOnClusterTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final RealRedisCluster cluster = RealRedisCluster.shared();
    private GroupWorld world;

    @BeforeEach
    void start() {
        cluster.flushAll();
        world = new GroupWorld(POSTGRES, cluster.uri(), 3);
    }

    @AfterEach
    void stop() throws Exception {
        world.close();
    }

    @Test
    void nobody_misses_anything_while_a_group_becomes_large_and_its_slot_moves() throws Exception {
        var one = world.node();
        var two = world.node();
        var ann = world.person();
        var bob = world.person();
        var cid = world.person();
        var dee = world.person();
        var group = ann.group(bob, cid);
        var key = RedisKeys.group(ConversationId.parse(group));
        try (var atOne = bob.listen(one, null);
                var atTwo = cid.listen(two, null);
                var newcomer = dee.listen(two, null)) {
            var flowing = LargeGroupTest.flow(ann, group);
            atOne.awaitSeq(group, 5);
            ann.add(group, dee);
            long joined = world.joinedSeq(group, dee);
            atOne.awaitSeq(group, joined + 20);
            cluster.moveSlot(key);
            atOne.awaitSeq(group, joined + 60);
            ann.remove(group, dee);
            newcomer.await("member.left");
            long left = world.leftSeq(group, dee);
            long last = flowing.end();
            atOne.assertWhole(group, 1, last);
            atTwo.assertWhole(group, 1, last);
            assertEquals(
                    List.of(),
                    newcomer.seqs(group).stream()
                            .filter(seq -> seq < joined || seq > left)
                            .toList());
        }
    }
}
