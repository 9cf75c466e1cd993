package chat.parley.id;

import io.hypersistence.tsid.TSID;
import java.time.Clock;
import java.util.random.RandomGenerator;

/**
 * Gives out new ids: 42 bits of milliseconds, 10 bits of node, 12 bits of counter.
 *
 * <p>The node bits are drawn at random when a process starts, so two processes can share them and, in the same millisecond, could give out the
 * same id. Uniqueness is therefore promised by the primary key an id is inserted under, and an insert that collides is repeated
 * with a new id; messages do not use these ids at all. Within one process ids only grow, also when the clock is set back.
 *
 * <p>Safe for use by many threads.
 */
public final class IdSource {
    private static final int NODE_BITS = 10;

    private final TSID.Factory factory;

    /** @param clock where the time part comes from */
    public IdSource(Clock clock, RandomGenerator random) {
        factory = TSID.Factory.builder()
                .withNodeBits(NODE_BITS)
                .withNode(random.nextInt(1 << NODE_BITS))
                .withClock(clock)
                .build();
    }

    /** A new user id. */
    public UserId user() {
        return new UserId(factory.generate().toLong());
    }

    /** A new conversation id. */
    public ConversationId conversation() {
        return new ConversationId(factory.generate().toLong());
    }

    /** A new session id. */
    public SessionId session() {
        return new SessionId(factory.generate().toLong());
    }

    /** A new media id. */
    public MediaId media() {
        return new MediaId(factory.generate().toLong());
    }
}
