package chat.parley.id;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** No two ids are the same: whoever takes ranges at once, stands still, starts anew or has a wrong clock. */
class IdRangesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final long SPAN = IdRanges.SPAN.toMillis();

    private Postgres postgres;
    private IdRanges ranges;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 8);
        postgres.with(db -> db.execute("UPDATE id_node SET granted_to = 0"));
        ranges = ranges();
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void ranges_taken_at_once_never_overlap() throws Exception {
        var work = new ArrayList<Callable<List<IdRange>>>();
        for (int process = 0; process < 8; process++) {
            var own = ranges();
            work.add(() -> {
                var taken = new ArrayList<IdRange>();
                for (int i = 0; i < 250; i++) {
                    taken.add(own.grant(0));
                }
                return taken;
            });
        }
        var all = new ArrayList<IdRange>();
        try (var threads = Executors.newFixedThreadPool(work.size())) {
            for (var taken : threads.invokeAll(work)) {
                all.addAll(taken.get());
            }
        }
        all.sort(Comparator.comparingInt(IdRange::node).thenComparingLong(IdRange::from));
        assertEquals(2_000, all.size());
        for (int i = 1; i < all.size(); i++) {
            var before = all.get(i - 1);
            var range = all.get(i);
            assertTrue(before.node() != range.node() || before.to() <= range.from(), before + " and " + range);
        }
        assertEquals(IdRange.NODES, all.stream().map(IdRange::node).distinct().count(), "all nodes take their turn");
    }

    @Test
    void a_source_that_stood_still_for_an_hour_gives_out_nothing_twice() {
        var nanos = new AtomicLong();
        var paused = new IdSource(ranges::grant, nanos::get);
        var ids = new HashSet<Long>();
        take(paused, 10, ids);
        // Meanwhile every node goes to others, and they use up theirs to the last millisecond.
        for (int i = 0; i < 2 * IdRange.NODES; i++) {
            var time = new AtomicLong();
            var other = new IdSource(ranges::grant, time::get);
            take(other, 1, ids);
            time.addAndGet(Duration.ofMillis(SPAN - 1).toNanos());
            take(other, 1, ids);
        }
        take(paused, 5_000, ids); // as if its clock had stood still too
        nanos.addAndGet(Duration.ofHours(1).toNanos());
        take(paused, 5_000, ids);
    }

    @Test
    void sources_with_one_clock_that_stands_give_out_different_ids_which_only_grow() {
        var one = new IdSource(ranges::grant, () -> 0);
        var other = new IdSource(ranges()::grant, () -> 0);
        var ids = new HashSet<Long>();
        for (int i = 0; i < 10; i++) {
            take(one, 3_000, ids);
            take(other, 3_000, ids);
        }
    }

    @Test
    void a_range_is_used_to_its_end_and_then_another() {
        var asked = new ArrayList<Long>();
        var source = new IdSource(
                notBefore -> {
                    asked.add(notBefore);
                    return new IdRange(7, start() + 2L * asked.size(), start() + 2L * asked.size() + 2);
                },
                () -> 0);
        take(source, 3 * 2 * 4_096, new HashSet<>());
        assertEquals(3, asked.size(), "two milliseconds of 4,096 ids each");
        assertEquals(start() + 6, asked.get(2), "the millisecond after the last that was used");
        long last = source.user().value();
        assertEquals(7, last >> 12 & 1_023);
        assertEquals(start() + 8, (last >> 22) + IdRange.EPOCH_MILLIS);
    }

    @Test
    void ids_go_on_while_postgresql_is_away_until_the_range_ends_and_again_when_it_is_back() throws Exception {
        try (var own = RealPostgres.own();
                var pool = Postgres.open(address(own.server()), 2)) {
            pool.migrate();
            var nanos = new AtomicLong();
            var source = new IdSource(new IdRanges(pool, new SimpleMeterRegistry())::grant, nanos::get);
            var ids = new HashSet<Long>();
            take(source, 1, ids);
            own.server().kill();
            nanos.addAndGet(Duration.ofMillis(SPAN - 1).toNanos());
            take(source, 1, ids);
            nanos.addAndGet(Duration.ofMillis(1).toNanos());
            assertThrows(StoreUnavailable.class, source::user);
            own.server().restart();
            afterDeadConnections(2, () -> take(source, 1, ids));
        }
    }

    @Test
    void when_every_node_is_granted_far_ahead_it_says_so_and_recovers() {
        long day = IdRanges.AHEAD_MAX.toMillis();
        postgres.with(db -> db.execute(
                "UPDATE id_node SET granted_to = extract(epoch FROM clock_timestamp()) * 1000 + ?", day + SPAN));
        var source = new IdSource(ranges::grant, () -> 0);
        var refusal = assertThrows(StoreUnavailable.class, source::user);
        assertEquals("ids", refusal.store());
        assertNotNull(ranges.complaint());
        // Nobody sends requests to a node that is not ready, so it must see by itself that the cause is gone.
        postgres.with(db -> db.execute("UPDATE id_node SET granted_to = granted_to - ?", 2 * SPAN));
        assertNull(ranges.complaint());
        postgres.with(db -> db.execute("UPDATE id_node SET granted_to = granted_to + ?", 2 * SPAN));
        assertNotNull(ranges.complaint());
        // A server's clock set back by less only makes ids run ahead.
        postgres.with(db -> db.execute("UPDATE id_node SET granted_to = granted_to - ? WHERE node = 5", 2 * SPAN));
        assertEquals(5, source.user().value() >> 12 & 1_023);
        assertNull(ranges.complaint());
    }

    @Test
    void what_others_take_at_this_moment_is_no_reason_to_leave() {
        try (var others = Postgres.open(POSTGRES.address(), 1)) {
            others.inTransaction(db -> {
                db.execute("SELECT FROM id_node FOR UPDATE");
                assertThrows(StoreUnavailable.class, () -> ranges.grant(0));
                return db;
            });
            assertNull(ranges.complaint());
        }
        long now = ranges.grant(0).from();
        var refusal =
                assertThrows(StoreUnavailable.class, () -> ranges.grant(now + IdRanges.AHEAD_MAX.toMillis() + SPAN));
        assertTrue(String.valueOf(refusal.getCause()).contains("clock"), String.valueOf(refusal.getCause()));
        assertNotNull(ranges.complaint());
        ranges.grant(0);
        assertNull(ranges.complaint());
    }

    @Test
    void three_thousand_restarts_in_a_row_repeat_no_id_and_run_ahead_by_minutes() {
        var ids = new HashSet<Long>();
        long last = 0;
        for (int i = 0; i < 3_000; i++) {
            last = new IdSource(ranges()::grant, System::nanoTime).session().value();
            assertTrue(ids.add(last), "twice: " + last);
        }
        long now = ranges.grant(0).from();
        assertTrue((last >> 22) + IdRange.EPOCH_MILLIS - now < 4 * SPAN);
    }

    /** A pool finds out by using it that a connection is dead. */
    private static void afterDeadConnections(int most, Runnable work) {
        for (int dead = 0; dead < most; dead++) {
            try {
                work.run();
                return;
            } catch (StoreUnavailable e) {
                assertEquals("postgres", e.store());
            }
        }
        work.run();
    }

    private static Postgres.Address address(EmbeddedPostgres server) {
        return new Postgres.Address(server.jdbcUrl(), server.user(), new Secret(server.password()));
    }

    private IdRanges ranges() {
        return new IdRanges(postgres, new SimpleMeterRegistry());
    }

    private static long start() {
        return IdRange.EPOCH_MILLIS + 1_000_000;
    }

    /** Ids that grow and that nobody had. */
    private static void take(IdSource source, int count, Set<Long> taken) {
        long before = 0;
        for (int i = 0; i < count; i++) {
            long id = source.conversation().value();
            assertTrue(id > before, "ids grow");
            assertTrue(taken.add(id), "given out twice: " + id);
            before = id;
        }
    }
}
