package chat.parley.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.MonotonicClock;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A clock that was set back while its process was down does not go behind what was kept. */
class TimeFloorTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    /** Far ahead of the machine's clock, which is what a new database keeps. */
    private static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");

    private static final double TOLERATED_SECONDS = TimeFloor.DIFFERENCE_MAX.toMillis() / 1_000.0;

    private Postgres postgres;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 2);
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void the_next_process_starts_no_earlier_than_the_time_that_was_kept() {
        try (var behind = open(at(LATER.minus(Duration.ofMinutes(5))));
                var ahead = open(at(LATER))) {
            ahead.note();
            behind.note();
        }

        var setBack = at(LATER.minus(Duration.ofHours(1)));
        open(setBack).close();
        assertEquals(LATER, setBack.instant());

        var right = at(LATER.plusSeconds(1));
        open(right).close();
        assertEquals(LATER.plusSeconds(1), right.instant());
    }

    @Test
    void a_clock_that_differs_from_postgresqls_shows() {
        assertTrue(difference(Duration.ZERO) < TOLERATED_SECONDS);
        assertEquals(60, difference(Duration.ofMinutes(-1)), TOLERATED_SECONDS);
        assertEquals(60, difference(Duration.ofMinutes(1)), TOLERATED_SECONDS);
    }

    private double difference(Duration off) {
        var meters = new SimpleMeterRegistry();
        var clock = new MonotonicClock(Clock.offset(Clock.systemUTC(), off));
        try (var floor = new TimeFloor(postgres, clock, meters)) {
            floor.note();
            return meters.get("parley.clock.difference").timeGauge().value(TimeUnit.SECONDS);
        }
    }

    private TimeFloor open(MonotonicClock clock) {
        return new TimeFloor(postgres, clock, new SimpleMeterRegistry());
    }

    private static MonotonicClock at(Instant time) {
        return new MonotonicClock(Clock.fixed(time, ZoneOffset.UTC));
    }
}
