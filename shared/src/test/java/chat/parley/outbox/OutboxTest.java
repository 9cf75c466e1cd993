package chat.parley.outbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import chat.parley.outbox.Outbox.Row;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages of one commit have one row; what is not published of them becomes rows of their own. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class OutboxTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final ConversationId TALK = new ConversationId(70);
    private static final ConversationId OTHER = new ConversationId(71);
    private static final UserId ANN = new UserId(1);
    private static final UserId BOB = new UserId(2);
    private static final Instant LONG_AGO = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant SOON = LONG_AGO.plusSeconds(60);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Postgres postgres;
    private Outbox outbox;

    @BeforeEach
    void open() {
        postgres = Postgres.open(
                new Postgres.Address(POSTGRES.jdbcUrl(), POSTGRES.user(), new Secret(POSTGRES.password())), 4);
        postgres.with(db -> db.execute("TRUNCATE outbox, outbox_batch"));
        outbox = new Outbox(postgres, meters);
    }

    @AfterEach
    void close() {
        outbox.close();
        postgres.close();
    }

    @Test
    void the_row_of_a_commit_goes_when_all_of_it_is_published_and_not_before() {
        long first = batch(LONG_AGO, TALK, 1, ANN, BOB, ANN);
        outbox.begun(first, 3);
        long alone = change(TALK, 1, LONG_AGO);
        outbox.done(List.of(first, first + 2, first + 2));
        outbox.done(alone);
        Awaitility.await().until(() -> number("SELECT count(*) FROM outbox") == 0 || number(BATCHES) == 0);
        // Either nothing of the batch is gone yet, or the machine was so slow that the rest of it has a row.
        assertEquals(1, number(BATCHES) + number("SELECT count(*) FROM outbox"));
        outbox.done(first + 1);
        Awaitility.await().until(() -> number("SELECT count(*) FROM outbox") + number(BATCHES) == 0);
    }

    @Test
    void what_is_not_published_within_the_time_of_a_request_gets_rows_of_its_own() {
        long first = batch(LONG_AGO, TALK, 5, ANN, BOB, ANN, BOB);
        long untouched = batch(LONG_AGO, OTHER, 1, ANN);
        outbox.begun(first, 4);
        outbox.begun(untouched, 1);
        outbox.done(List.of(first, first + 2));
        Awaitility.await().until(() -> number("SELECT count(*) FROM outbox") > 0);
        assertEquals(
                List.of(untouched),
                postgres.with(db -> db.createQuery("SELECT id FROM outbox_batch")
                        .mapTo(Long.class)
                        .list()));
        var rows = outbox.overdue(LONG_AGO, 0, 10);
        assertEquals(List.of(), rows);
        rows = outbox.overdue(SOON, 0, 10);
        assertEquals(
                List.of(first + 1, first + 3, untouched),
                rows.stream().map(Row::id).toList());
        assertEquals(new Row(first + 1, TALK, OutboxKind.MESSAGE_CREATED, 6, BOB, LONG_AGO), rows.getFirst());
        outbox.done(List.of(first + 1, first + 3, untouched));
        Awaitility.await().until(() -> number("SELECT count(*) FROM outbox") + number(BATCHES) == 0);
    }

    @Test
    void what_a_dead_process_left_is_read_in_the_order_of_the_commits() {
        var expected = new ArrayList<Long>();
        for (int i = 0; i < 250; i++) { // more than are divided at once
            long first = batch(LONG_AGO.plusMillis(i), TALK, 2 * i + 1, ANN, BOB);
            expected.addAll(List.of(first, first + 1, change(TALK, 2 * i + 1, LONG_AGO.plusMillis(i))));
        }
        var young = batch(SOON, TALK, 501, ANN);
        var read = new ArrayList<Row>();
        for (var page = outbox.overdue(SOON, 0, 100); !page.isEmpty(); ) {
            read.addAll(page);
            page = outbox.overdue(SOON, page.getLast().id(), 100);
        }
        assertEquals(expected, read.stream().map(Row::id).toList());
        assertEquals(
                List.of(1L, 2L, 1L, 3L, 4L, 3L),
                read.stream().map(Row::subject).limit(6).toList());
        assertEquals(young, number("SELECT min(id) FROM outbox_batch"));
        assertEquals(1, number(BATCHES));
    }

    @Test
    void every_message_counts_whatever_row_it_stands_in() {
        batch(LONG_AGO, TALK, 1, ANN, ANN, ANN);
        batch(SOON, TALK, 4, BOB);
        change(TALK, 1, LONG_AGO.plusMillis(1));
        var backlog = outbox.backlog(SOON);
        assertEquals(new Outbox.Backlog(4, LONG_AGO, 0), backlog);
        assertTrue(outbox.hasAnythingOf(ANN));
        assertTrue(outbox.hasAnythingOf(BOB));
        assertFalse(outbox.hasAnythingOf(new UserId(3)));
    }

    @Test
    void what_expired_is_told_no_more_and_the_rest_of_its_commit_is() {
        long first = batch(LONG_AGO, TALK, 7, ANN, BOB, ANN);
        long other = batch(LONG_AGO, OTHER, 7, ANN);
        outbox.deleteMessagesBefore(TALK, 8);
        assertEquals(1, number(BATCHES));
        assertEquals(
                List.of(first + 1, first + 2, other),
                outbox.overdue(SOON, 0, 10).stream().map(Row::id).toList());
    }

    private static final String BATCHES = "SELECT count(*) FROM outbox_batch";

    /** As a commit of these people's messages writes it; the id of the first. */
    private long batch(Instant at, ConversationId talk, long firstSeq, UserId... senders) {
        int[] nths = new int[senders.length];
        Arrays.setAll(nths, i -> i + 1);
        int[] places = new int[senders.length];
        Arrays.fill(places, 1);
        long[] actors = Arrays.stream(senders).mapToLong(UserId::value).toArray();
        return postgres.with(db -> db.createQuery("""
                INSERT INTO outbox_batch (id, conversations, last_seqs, places, nths, actors, created_at)
                VALUES (nextval('outbox_id_seq'), ARRAY[:talk], ARRAY[:last], :places, :nths, :actors, :at)
                RETURNING id
                """)
                .bind("talk", talk.value())
                .bind("last", firstSeq - 1)
                .bind("places", places)
                .bind("nths", nths)
                .bind("actors", actors)
                .bind("at", at.atOffset(ZoneOffset.UTC))
                .mapTo(Long.class)
                .one());
    }

    private long change(ConversationId talk, long seq, Instant at) {
        return postgres.with(db -> Outbox.add(db, talk, OutboxKind.MESSAGE_CHANGED, seq, ANN, at));
    }

    private long number(String sql) {
        return postgres.with(db -> db.createQuery(sql).mapTo(Long.class).one());
    }
}
