package chat.parley.stream;

import chat.parley.id.SessionId;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks now and then which sessions ended: notices travel by pub/sub, which loses what it cannot deliver at once. */
final class SessionWatch {
    /** A stream outlives its session by no more than this, also when the notice was lost. */
    static final Duration EVERY = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(SessionWatch.class);

    /** Sessions of one question. */
    private static final int BATCH = 1_000;

    private final SubscriberRegistry registry;
    private final Function<Collection<SessionId>, Set<SessionId>> endedAmong;

    SessionWatch(SubscriberRegistry registry, Function<Collection<SessionId>, Set<SessionId>> endedAmong) {
        this.registry = registry;
        this.endedAmong = endedAmong;
    }

    /** Ends the streams of sessions that ended. Blocks. */
    void look() {
        var sessions = new HashSet<SessionId>();
        registry.forEach(listener -> {
            var session = listener.session();
            if (session != null) {
                sessions.add(session);
            }
        });
        try {
            var ended = new HashSet<SessionId>();
            var all = new ArrayList<>(sessions);
            for (int from = 0; from < all.size(); from += BATCH) {
                List<SessionId> part = all.subList(from, Math.min(all.size(), from + BATCH));
                ended.addAll(endedAmong.apply(part));
            }
            if (!ended.isEmpty()) {
                registry.forEach(listener -> {
                    var session = listener.session();
                    if (session != null && ended.contains(session)) {
                        listener.sessionEnded(session);
                    }
                });
            }
        } catch (StoreUnavailable e) {
            LOG.warn("ended sessions could not be read, the next look will: {}", e.getMessage());
        }
    }
}
