package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EventLog;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.HostAndPort;

/**
 * Brings streams to life that just came, many at once: those that came while the last ones were being served share a question to PostgreSQL and one to
 * Redis, and each is answered by one write. No timer: whoever comes alone is served at once. What is not plain (large groups, a past that Redis does not
 * tell, long events) is left to {@link CatchUp}, each on a thread of its own.
 *
 * <p>In a cluster those whose streams one master holds are served together, so that one that is away holds up nobody else's.
 */
final class Arrivals {
    private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);

    /** Streams served together: what they share costs each next to nothing then, and the first does not wait long for the last. */
    private static final int BATCH = 64;

    /** Pasts read together, each mostly some 10 KB and at most 100: Redis serves others in between. */
    private static final int PASTS = 16;

    private final CatchUp catchUp;
    private final Past past;
    private final Stores stores;
    private final Executor blocking;
    /** By the server that holds the streams. */
    private final Map<HostAndPort, Batches<Arrival>> lanes = new ConcurrentHashMap<>();

    /**
     * What is asked of the stores beside the past.
     *
     * @param server who holds a user's stream; must not block, and answers null while that is not known
     * @param inNoGroup those who are in no large group; may block
     */
    record Stores(
            Function<UserId, @Nullable HostAndPort> server, Function<Collection<UserId>, Set<UserId>> inNoGroup) {}

    /** @param blocking runs what blocks */
    Arrivals(CatchUp catchUp, Past past, Stores stores, Executor blocking) {
        this.catchUp = catchUp;
        this.past = past;
        this.stores = stores;
        this.blocking = blocking;
    }

    /** A stream that nobody knows of yet. */
    private record Arrival(Subscriber subscriber, @Nullable String lastEventId) {
        private UserId user() {
            return subscriber.user();
        }
    }

    /**
     * Brings {@code subscriber} to life and answers its request. Does not block.
     *
     * @param lastEventId null: from now on
     */
    void add(Subscriber subscriber, @Nullable String lastEventId) {
        if (!catchUp.register(subscriber)) {
            subscriber.answer();
            return;
        }
        var arrival = new Arrival(subscriber, lastEventId);
        var server = stores.server.apply(subscriber.user());
        if (server == null) {
            alone(arrival);
        } else {
            lanes.computeIfAbsent(server, unused -> new Batches<>(BATCH, blocking, this::serve))
                    .add(arrival);
        }
    }

    private void alone(Arrival arrival) {
        blocking.execute(() -> catchUp.open(arrival.subscriber, arrival.lastEventId));
    }

    private void serve(List<Arrival> arrivals) {
        var left = new ArrayList<>(arrivals);
        try {
            serveAll(left);
        } catch (StoreUnavailable e) {
            for (var arrival : left) {
                catchUp.giveUp(arrival.subscriber, e);
                arrival.subscriber.answer();
            }
        } catch (RuntimeException e) {
            LOG.error("streams could not be begun together; each is begun alone", e);
            left.forEach(this::alone);
        }
    }

    /** @param left those who are served, or left to another thread, are taken out */
    private void serveAll(List<Arrival> left) {
        for (var arrival : left) {
            // Their subscriptions are confirmed in the order in which they came, so the first one waits for nearly all.
            arrival.subscriber.node().registry().awaitSubscribed(arrival.user());
        }
        // After the subscription: who comes into a large group from here on is told so by the user's own stream.
        var plain = stores.inNoGroup.apply(left.stream().map(Arrival::user).toList());
        for (var arrival : List.copyOf(left)) {
            if (!plain.contains(arrival.user())) {
                left.remove(arrival);
                alone(arrival);
            }
        }
        var begin = left.stream().filter(arrival -> arrival.lastEventId == null).toList();
        if (!begin.isEmpty()) {
            var heads = past.heads(begin.stream().map(Arrival::user).toList());
            for (int i = 0; i < begin.size(); i++) {
                left.remove(begin.get(i));
                open(begin.get(i), heads.get(i), null);
            }
        }
        while (!left.isEmpty()) {
            resume(left);
        }
    }

    private void resume(List<Arrival> left) {
        var some = new ArrayList<Arrival>();
        var places = new ArrayList<EventLog.Place>();
        for (var arrival : List.copyOf(left.subList(0, Math.min(PASTS, left.size())))) {
            String id = arrival.lastEventId;
            var cursor = id == null ? null : past.understood(id).orElse(null);
            if (cursor == null) {
                left.remove(arrival);
                alone(arrival);
            } else {
                some.add(arrival);
                places.add(new EventLog.Place(arrival.user(), cursor));
            }
        }
        if (some.isEmpty()) {
            return;
        }
        var pages = past.shortPages(places, CatchUp.PAGE);
        for (int i = 0; i < some.size(); i++) {
            var page = pages.get(i);
            left.remove(some.get(i));
            open(some.get(i), page == null ? null : places.get(i).after(), page);
        }
    }

    /** @param position null: to be found by a thread of its own */
    private void open(Arrival arrival, @Nullable Cursor position, @Nullable Page page) {
        if (position == null) {
            alone(arrival);
            return;
        }
        var subscriber = arrival.subscriber;
        try {
            var rest = catchUp.openAt(subscriber, position, page);
            if (rest == null) {
                subscriber.answer();
            } else {
                blocking.execute(() -> catchUp.goOn(subscriber, rest));
            }
        } catch (RuntimeException e) {
            LOG.error("a stream could not be brought to life", e);
            subscriber.end(CloseReason.FAILED); // what was said so far is not said twice
        }
    }
}
