package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Conversations that other nodes store in, too, as refusals show. Who stores one batch after another there is always first: its next one is on its way before the other
 * node has heard of the last. So it begins a little late now and then, while one that was refused tries again at once.
 */
final class CassandraRivals {
    private static final int KNOWN_MAX = 100_000;
    private static final Duration KNOWN_FOR = Duration.ofSeconds(10);

    /** One in so many batches leaves room also where no rival is known, who may never have come through. */
    private static final int UNASKED = 16;

    private static final Duration ROOM_MAX = Duration.ofMillis(300);

    /** The weight of a new measurement is one in so many. */
    private static final int SMOOTH = 8;

    private final Cache<ConversationId, Boolean> known = Caffeine.newBuilder()
            .maximumSize(KNOWN_MAX)
            .expireAfterWrite(KNOWN_FOR)
            .build();

    /** How long a batch takes, in nanoseconds. */
    private final AtomicLong usual = new AtomicLong(Duration.ofMillis(2).toNanos());

    void met(ConversationId conversation) {
        known.put(conversation, true);
    }

    void took(Duration time) {
        usual.updateAndGet(before -> before + (time.toNanos() - before) / SMOOTH);
    }

    /**
     * To be called before something new is begun.
     *
     * @param goesOn whether right after something else of this node
     */
    void leaveRoom(ConversationId conversation, boolean goesOn) {
        boolean isUnasked = goesOn && ThreadLocalRandom.current().nextInt(UNASKED) == 0;
        if (isUnasked || known.getIfPresent(conversation) != null) {
            var room = Duration.ofNanos(2 * usual.get());
            Cassandra.hasPaused(room.compareTo(ROOM_MAX) > 0 ? ROOM_MAX : room.plusMillis(1));
        }
    }
}
