package chat.parley.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.ops.MonotonicClock;
import chat.parley.testkit.RealPostgres;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
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

    private TimeFloor open(MonotonicClock clock) {
        return new TimeFloor(postgres, clock);
    }

    private static MonotonicClock at(Instant time) {
        return new MonotonicClock(Clock.fixed(time, ZoneOffset.UTC));
    }
}
