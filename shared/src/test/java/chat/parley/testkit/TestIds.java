package chat.parley.testkit;

import chat.parley.id.IdRange;
import chat.parley.id.IdSource;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** Ids for tests that are not about ids: no two sources of a JVM give out the same, and no table is asked. */
public final class TestIds {
    private static final long SPAN_MILLIS = 60_000;
    private static final AtomicLong USED =
            new AtomicLong(Instant.parse("2026-01-01T00:00:00Z").toEpochMilli());

    private TestIds() {}

    public static IdSource fresh() {
        return new IdSource(
                notBefore -> {
                    long from = USED.getAndAdd(SPAN_MILLIS);
                    return new IdRange(0, from, from + SPAN_MILLIS);
                },
                System::nanoTime);
    }
}
