package chat.parley.stream;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counts what is open, at the node and by address, and refuses what would be too much. Safe for use by many threads. */
final class Admission {
    private final int most;
    private final int mostPerAddress;
    private final AtomicInteger open = new AtomicInteger();
    private final Map<String, Place> places = new ConcurrentHashMap<>();

    /**
     * @param most at the node
     * @param mostPerAddress of one address, except this machine's own: behind that is a proxy
     */
    Admission(int most, int mostPerAddress) {
        this.most = most;
        this.mostPerAddress = mostPerAddress;
    }

    /** What one address holds; shared by all of its connections. */
    static final class Place {
        private final String address;
        private int open;

        private Place(String address) {
            this.address = address;
        }
    }

    /** A place for one more connection; null when there is none. {@link #leave} gives it back, once. */
    @Nullable
    Place enter(String address, boolean isOwnMachine) {
        if (open.incrementAndGet() > most) {
            open.decrementAndGet();
            return null;
        }
        var place = places.compute(address, (key, known) -> {
            var here = known == null ? new Place(key) : known;
            here.open++;
            return here;
        });
        if (!isOwnMachine && place.open > mostPerAddress) {
            leave(place);
            return null;
        }
        return place;
    }

    void leave(Place place) {
        open.decrementAndGet();
        places.computeIfPresent(place.address, (unused, here) -> --here.open == 0 ? null : here);
    }

    /** Connections open now. */
    int open() {
        return open.get();
    }
}
