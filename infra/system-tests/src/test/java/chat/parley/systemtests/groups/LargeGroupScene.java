package chat.parley.systemtests.groups;

import chat.parley.systemtests.groups.GroupWorld.Node;
import chat.parley.systemtests.groups.GroupWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Four people and a stream node, where groups of four are large. */
abstract class LargeGroupScene {
    private static final int LARGE_ABOVE = 3;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    GroupWorld world;
    Node node;
    Person ann;
    Person bob;
    Person cid;
    Person dee;

    @BeforeEach
    void start() throws Exception {
        world = new GroupWorld(POSTGRES, REDIS.uri(), LARGE_ABOVE);
        node = world.node();
        ann = world.person();
        bob = world.person();
        cid = world.person();
        dee = world.person();
    }

    @AfterEach
    void stop() throws Exception {
        world.close();
    }
}
