package chat.parley.sendapi.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageChange;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageState;
import chat.parley.message.NewMessage;
import chat.parley.message.PostgresMessageStore;
import chat.parley.postgres.Postgres;
import chat.parley.search.SearchIndex;
import chat.parley.search.SearchQuery;
import chat.parley.search.SearchWords;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an indexer lost is found by the next look. */
class IndexSweepTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final AtomicLong IDS = new AtomicLong(6_000_000);
    private static final AtomicInteger KEYS = new AtomicInteger();

    private final StepClock clock = StepClock.started();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private UserId ann = new UserId(1);
    private Postgres postgres;
    private PostgresMessageStore messages;
    private SearchIndex index;
    private IndexSweep sweep;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 8);
        messages = new PostgresMessageStore(postgres, null, clock, meters);
        index = new SearchIndex(postgres);
        sweep = new IndexSweep(index, messages, clock, meters);
        postgres.with(db -> db.execute("DELETE FROM search_sweep"));
        postgres.with(db -> db.execute("DELETE FROM message_search"));
        ann = new UserId(IDS.incrementAndGet());
        postgres.with(db -> db.execute(
                "INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (?, ?, 'Ann', 'ann', now())",
                ann.value(),
                "ann" + ann.value()));
    }

    @AfterEach
    void close() {
        sweep.close();
        messages.close();
        postgres.close();
    }

    @Test
    void a_look_finds_everything_at_first_and_then_what_is_new() {
        var talk = conversation();
        for (int i = 0; i < 450; i++) {
            send(talk, "ancient " + i);
        }
        clock.advance(Duration.ofDays(30));
        send(talk, "recent");
        clock.advance(Duration.ofMinutes(1));
        sweep.pass();
        assertEquals(450, count("ancient"));
        assertEquals(1, count("recent"));
        clock.advance(Duration.ofHours(1));
        send(talk, "newest");
        clock.advance(Duration.ofSeconds(10));
        double before = swept();
        sweep.pass();
        assertEquals(1, count("newest"));
        assertEquals(1, swept() - before, "what is there already is not written again");
        assertEquals(clock.instant(), index.sweptUntil().orElseThrow());
    }

    @Test
    void edits_and_deletions_that_were_lost_are_found_also_of_old_messages_in_quiet_conversations() {
        var talk = conversation();
        var edited = send(talk, "first words");
        var deleted = send(talk, "unwise words");
        clock.advance(Duration.ofMinutes(1));
        sweep.pass();
        assertEquals(2, count("words"));
        clock.advance(Duration.ofDays(3));
        change(edited, new MessageChange.Edit("second thoughts", null, null));
        change(deleted, new MessageChange.Delete());
        clock.advance(Duration.ofMinutes(1));
        sweep.pass();
        assertEquals(0, count("words"));
        assertEquals(1, count("thoughts"));
        assertEquals(1L, number("SELECT count(*) FROM message_search WHERE words IS NULL"));
    }

    @Test
    void what_a_look_finds_is_not_lost_when_it_is_dated_a_little_before_the_look_before() {
        var talk = conversation();
        send(talk, "in time");
        clock.advance(Duration.ofSeconds(30));
        sweep.pass();
        // Another node's clock is behind, or its commit took long.
        clock.advance(Duration.ofSeconds(-20));
        send(talk, "belated");
        clock.advance(Duration.ofSeconds(50));
        sweep.pass();
        assertEquals(1, count("belated"));
    }

    @Test
    void an_indexer_that_dies_with_its_queue_full_leaves_it_to_the_sweep() throws Exception {
        var talk = conversation();
        try (var lock = POSTGRES.dataSource().getConnection()) {
            // Its first batch waits for the table, so that nothing is written while it takes in more.
            lock.setAutoCommit(false);
            lock.createStatement().execute("LOCK TABLE message_search IN ACCESS EXCLUSIVE MODE");
            try (var indexer = new Indexer(index, meters)) {
                for (int i = 0; i < 100; i++) {
                    indexer.accept(send(talk, "queued " + i));
                }
                var huge = new Message(
                        talk,
                        1_000,
                        ann,
                        "huge",
                        MessageBody.text("x".repeat(10_000)),
                        clock.instant(),
                        MessageState.NEW);
                for (int i = 0; i < 2_000; i++) {
                    indexer.accept(huge);
                }
                assertTrue(left() > 0, "16 million characters are enough");
            } // gives up after its time to close
            Awaitility.await().until(() -> left() == 2_100);
            lock.rollback();
        }
        assertEquals(0, count("queued"));
        clock.advance(Duration.ofMinutes(1));
        sweep.pass();
        assertEquals(100, count("queued"));
    }

    @Test
    void an_indexer_writes_what_waits_before_it_ends() {
        var talk = conversation();
        try (var indexer = new Indexer(index, meters)) {
            for (int i = 0; i < 700; i++) {
                indexer.accept(send(talk, "waiting " + i));
            }
        }
        assertEquals(700, count("waiting"));
    }

    @Test
    void one_node_looks_at_a_time() throws Exception {
        var began = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        var first = Thread.ofVirtual()
                .start(() -> index.alone(() -> {
                    began.countDown();
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));
        began.await();
        assertEquals(false, index.alone(sweep::pass));
        end.countDown();
        first.join();
        assertEquals(true, index.alone(sweep::pass));
    }

    private double left() {
        return meters.counter("parley.search.left").count();
    }

    private double swept() {
        return meters.counter("parley.search.indexed", "by", "sweep").count();
    }

    private int count(String typed) {
        var words = assertInstanceOf(SearchWords.Parsed.Fine.class, SearchWords.parse(typed))
                .words();
        return index.find(new SearchQuery(ann, words, null, null, null, null, SearchQuery.Order.TIME), null, 1_000)
                .size();
    }

    private long number(String sql) {
        return postgres.with(db -> db.createQuery(sql).mapTo(Long.class).one());
    }

    private Message send(ConversationId talk, String text) {
        var draft = new NewMessage(talk, 1, ann, "key" + KEYS.incrementAndGet(), MessageBody.text(text));
        return assertInstanceOf(Stored.class, messages.append(draft)).message();
    }

    private void change(Message message, MessageChange.Action action) {
        var change = new MessageChange(message.conversation(), 1, message.seq(), ann, action);
        assertInstanceOf(Changed.class, messages.change(change));
    }

    private ConversationId conversation() {
        var id = new ConversationId(IDS.incrementAndGet());
        var now = clock.instant().atOffset(ZoneOffset.UTC);
        postgres.with(db -> db.execute("""
                INSERT INTO conversation (id, type, created_by, created_at, updated_at, changed_at, member_count, last_at)
                VALUES (?, 'group', ?, ?, ?, ?, 1, ?)
                """, id.value(), ann.value(), now, now, now, now));
        postgres.with(db -> db.execute("""
                INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                VALUES (?, ?, 'owner', ?, 1, ?)
                """, id.value(), ann.value(), now, now));
        return id;
    }
}
