package chat.parley.stream;

import chat.parley.presence.Presence.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Every meter of presence at a stream node: six series. */
final class PresenceMeters {
    private final Counter leases;
    private final Map<Status, Counter> changes = new EnumMap<>(Status.class);
    private final Map<Work, Counter> skipped = new EnumMap<>(Work.class);

    /** What is left out under load. */
    enum Work {
        /** A part of the leases was not renewed this time. */
        RENEWAL,
        /** Nobody was looked at. */
        ANNOUNCEMENT
    }

    PresenceMeters(MeterRegistry registry) {
        leases = registry.counter("parley.presence.leases");
        for (var status : Status.values()) {
            changes.put(status, registry.counter("parley.presence.changes", "status", status.text()));
        }
        for (var work : Work.values()) {
            skipped.put(
                    work,
                    registry.counter(
                            "parley.presence.skipped", "work", work.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** People spoken for in one go. */
    void kept(int people) {
        leases.increment(people);
    }

    void announced(Status status) {
        Objects.requireNonNull(changes.get(status)).increment();
    }

    void skipped(Work work) {
        Objects.requireNonNull(skipped.get(work)).increment();
    }
}
