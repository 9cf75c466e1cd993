package chat.parley.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** Every meter of the streams, named once. Labels come from closed sets: some 40 series in all, whatever the number of users. */
final class StreamMeters {
    private final Counter events;
    private final Counter poisoned;
    private final Counter feedReconnects;
    private final Counter groupCuts;
    private final Timer feedLag;
    private final Map<CloseReason, Counter> closes = new EnumMap<>(CloseReason.class);
    private final Map<StreamEvents.Resumed, Counter> replays = new EnumMap<>(StreamEvents.Resumed.class);
    private final Map<Connect, Counter> connects = new EnumMap<>(Connect.class);
    private final Map<Urgency, Counter> held = new EnumMap<>(Urgency.class);
    private final Map<Dropped, Counter> dropped = new EnumMap<>(Dropped.class);
    private final MeterRegistry registry;

    /** Why a lazy event was not written. */
    enum Dropped {
        /** A newer one of the same thing came. */
        SUPERSEDED,
        /** The socket was not free while it was true. */
        STALE,
        /** Too many waited. */
        FULL
    }

    /** What became of a request. */
    enum Connect {
        STREAM,
        POLL,
        REFUSED,
        UNAUTHENTICATED,
        BUSY,
        DRAINING,
        UNAVAILABLE;
    }

    StreamMeters(MeterRegistry registry) {
        this.registry = registry;
        events = registry.counter("parley.stream.events");
        poisoned = registry.counter("parley.stream.events.poisoned");
        feedReconnects = registry.counter("parley.stream.feed.reconnects");
        groupCuts = registry.counter("parley.stream.groups.cut");
        feedLag = registry.timer("parley.stream.feed.lag");
        for (var reason : CloseReason.values()) {
            closes.put(reason, registry.counter("parley.stream.closes", "reason", reason.label()));
        }
        for (var kind : StreamEvents.Resumed.values()) {
            replays.put(kind, registry.counter("parley.stream.replays", "kind", kind.text()));
        }
        for (var urgency : new Urgency[] {Urgency.SOON, Urgency.LAZY}) {
            held.put(urgency, registry.counter("parley.stream.held", "urgency", lower(urgency)));
        }
        for (var why : Dropped.values()) {
            dropped.put(why, registry.counter("parley.stream.lazy.dropped", "reason", lower(why)));
        }
        for (var outcome : Connect.values()) {
            connects.put(outcome, registry.counter("parley.stream.connects", "outcome", lower(outcome)));
        }
    }

    void connections(Supplier<Number> open) {
        io.micrometer.core.instrument.Gauge.builder("parley.stream.connections", open)
                .register(registry);
    }

    /** Events written to sockets, once a connection. */
    void delivered(int count) {
        events.increment(count);
    }

    /** An event that waits for company. */
    void held(Urgency urgency) {
        counter(held, urgency).increment();
    }

    void lazyDropped(Dropped why) {
        counter(dropped, why).increment();
    }

    /** An event that could not be written; it was left out. */
    void poisoned() {
        poisoned.increment();
    }

    void connect(Connect outcome) {
        counter(connects, outcome).increment();
    }

    void replay(StreamEvents.Resumed kind) {
        counter(replays, kind).increment();
    }

    void close(CloseReason reason) {
        counter(closes, reason).increment();
    }

    /** Large groups with a member here. */
    void groups(Supplier<Number> followed) {
        io.micrometer.core.instrument.Gauge.builder("parley.stream.groups", followed)
                .register(registry);
    }

    /** A group's stream could not tell without a gap; those who listen read history. */
    void groupCutOff() {
        groupCuts.increment();
    }

    void feedReconnected() {
        feedReconnects.increment();
    }

    /** The time a round trip through the feed's own connection took: what is queued there delays every event. */
    void feedLag(Duration lag) {
        feedLag.record(lag);
    }

    private static String lower(Enum<?> label) {
        return label.name().toLowerCase(Locale.ROOT);
    }

    private static <K> Counter counter(Map<K, Counter> counters, K key) {
        var counter = counters.get(key);
        if (counter == null) {
            throw new IllegalStateException("no counter for " + key);
        }
        return counter;
    }
}
