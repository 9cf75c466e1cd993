package chat.parley.sendapi.media;

import chat.parley.id.UserId;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Bounds the uploads under way, so that their buffers, connections and disk space have a bound. Safe for use by many threads. */
final class UploadSlots {
    /** Of all people, on this node; 25 MB of disk each while they last. */
    static final int MAX = 64;

    /** Of one person: as many as a browser sends at once to one host. */
    static final int MAX_PER_PERSON = 6;

    private final AtomicInteger used = new AtomicInteger();
    private final ConcurrentMap<UserId, Integer> people = new ConcurrentHashMap<>();

    /** What came of asking for one. */
    enum Grant {
        /** To be given back by {@link #release}. */
        GRANTED,
        /** This person has all that one may. */
        PERSON_FULL,
        /** The node has no more. */
        NODE_FULL
    }

    int used() {
        return used.get();
    }

    Grant take(UserId person) {
        if (used.incrementAndGet() > MAX) {
            used.decrementAndGet();
            return Grant.NODE_FULL;
        }
        if (people.merge(person, 1, Integer::sum) > MAX_PER_PERSON) {
            release(person);
            return Grant.PERSON_FULL;
        }
        return Grant.GRANTED;
    }

    void release(UserId person) {
        people.computeIfPresent(person, (same, count) -> count == 1 ? null : count - 1);
        used.decrementAndGet();
    }
}
