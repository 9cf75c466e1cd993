package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.EncodedEvent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class RebuildsTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicLong nanos = new AtomicLong();

    @Test
    void who_came_first_is_served_first() throws Exception {
        var rebuilds = rebuilds(1, LONG);
        var served = new CopyOnWriteArrayList<Integer>();
        var threads = new ArrayList<Thread>();
        var first = rebuilds.enter(() -> false);
        for (int i = 0; i < 20; i++) {
            int number = i;
            threads.add(Thread.ofVirtual().start(() -> {
                try (var place = rebuilds.enter(() -> false)) {
                    served.add(number);
                    place.page();
                }
            }));
            Awaitility.await().until(() -> gauge("waiting") == number + 1);
        }
        assertEquals(1, gauge("running"));
        first.close();
        first.close();
        for (var thread : threads) {
            thread.join();
        }
        assertEquals(IntStream.range(0, 20).boxed().toList(), List.copyOf(served));
        assertEquals(0, gauge("running"));
        assertEquals(0, gauge("waiting"));
    }

    @Test
    void who_waits_too_long_is_sent_away_and_takes_no_place() {
        var rebuilds = rebuilds(1, Duration.ofMillis(1));
        var place = rebuilds.enter(() -> false);
        assertThrows(Rebuilds.Full.class, () -> rebuilds.enter(() -> false));
        assertEquals(1, registry.get("parley.stream.rebuilds.refused").counter().count());
        place.close();
        rebuilds.enter(() -> false).close();
    }

    @Test
    void who_left_while_waiting_leaves_the_place_to_the_next() {
        var rebuilds = rebuilds(1, LONG);
        assertThrows(Rebuilds.Full.class, () -> rebuilds.enter(() -> true));
        assertEquals(0, gauge("running"));
        rebuilds.enter(() -> false).close();
    }

    @Test
    void who_reads_slowly_gives_way_but_only_to_somebody() throws Exception {
        var rebuilds = rebuilds(1, LONG);
        try (var place = rebuilds.enter(() -> false)) {
            nanos.addAndGet(Duration.ofHours(1).toNanos()); // of our own slowness, which is not the client's fault
            place.toClient(() -> (int) nanos.addAndGet(Duration.ofSeconds(9).toNanos()));
            place.toClient(() -> (int) nanos.addAndGet(Duration.ofSeconds(2).toNanos()));
            assertFalse(place.givesWay(), "nobody waits");
            var served = new AtomicBoolean();
            var other = Thread.ofVirtual().start(() -> {
                rebuilds.enter(() -> false).close();
                served.set(true);
            });
            Awaitility.await().until(place::givesWay);
            var events = Collections.nCopies(100, new EncodedEvent("message.created", "m", 0, new byte[40 * 1024]));
            assertEquals(2, place.toClient(events, List::size), "one write, not all");
            assertTrue(place.gaveWay());
            place.close();
            other.join();
            assertTrue(served.get());
            assertFalse(place.givesWay());
        }
    }

    private Rebuilds rebuilds(int places, Duration patience) {
        var limits = new Rebuilds.Limits(places, patience, Duration.ofSeconds(10));
        return new Rebuilds(limits, new StreamMeters(registry), nanos::get);
    }

    private double gauge(String name) {
        return registry.get("parley.stream.rebuilds." + name).gauge().value();
    }
}
