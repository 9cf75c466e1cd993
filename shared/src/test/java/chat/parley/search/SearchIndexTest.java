package chat.parley.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SearchIndexTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final UserId ANN = new UserId(501);
    private static final UserId BOB = new UserId(502);
    private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");
    private static final AtomicLong IDS = new AtomicLong(7_000_000);

    /**
     * Buffers of 8 KB: a search of one person's ten conversations among 100,000 rows of others. Measured: 30 of the index and of the rows found, and 4 for each of the 100
     * found, to see whether it may be read. All rows together fill 1,700.
     */
    private static final long BUFFERS_MAX = 600;

    private Postgres postgres;
    private SearchIndex index;

    @BeforeAll
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 6);
        index = new SearchIndex(postgres);
        for (var user : List.of(ANN, BOB)) {
            postgres.with(db -> db.execute(
                    "INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (?, ?, 'X', 'x', now())",
                    user.value(),
                    "user" + user.value()));
        }
    }

    @AfterAll
    void close() {
        postgres.close();
    }

    @Test
    void an_older_state_never_replaces_a_newer_one() {
        var talk = conversation(ANN);
        index.put(List.of(message(talk, 1, "first", 1)));
        assertEquals(1, find("first", ANN).size());
        index.put(List.of(message(talk, 1, "second", 3)));
        index.put(List.of(message(talk, 1, "first", 2)));
        assertEquals(List.of(), find("first", ANN));
        assertEquals(1, find("second", ANN).size());
        index.put(List.of(deleted(talk, 1, 4)));
        index.put(List.of(message(talk, 1, "second", 3)));
        assertEquals(List.of(), find("second", ANN));
        assertEquals(Map.of(1L, 4), index.versions(talk, List.of(1L, 2L)));
    }

    @Test
    void the_newest_of_one_batch_wins_in_any_order() {
        var talk = conversation(ANN);
        index.put(List.of(message(talk, 1, "old", 1), deleted(talk, 1, 3), message(talk, 1, "newer", 2)));
        assertEquals(List.of(), find("old", ANN));
        assertEquals(List.of(), find("newer", ANN));
    }

    @Test
    void states_that_race_end_in_the_newest() throws Exception {
        var talk = conversation(ANN);
        var work = new ArrayList<Callable<Void>>();
        for (int version = 1; version <= 60; version++) {
            int state = version;
            work.add(() -> {
                var batch = new ArrayList<Message>();
                for (long seq = 1; seq <= 5; seq++) {
                    boolean last = state == 60;
                    batch.add(
                            last && seq == 5 ? deleted(talk, seq, state) : message(talk, seq, "state" + state, state));
                }
                index.put(state % 2 == 0 ? batch : batch.reversed());
                return null;
            });
        }
        java.util.Collections.shuffle(work, new java.util.Random(42));
        try (var threads = Executors.newFixedThreadPool(5)) {
            for (var done : threads.invokeAll(work)) {
                done.get();
            }
        }
        assertEquals(4, find("state60", ANN).size());
        assertEquals(4, find("state", ANN).size(), "nothing older is left");
    }

    @Test
    void what_the_words_of_a_query_are_made_of_never_breaks_it() {
        var talk = conversation(ANN);
        index.put(List.of(message(talk, 1, "it's a \\ test : * & | ! ( ) <-> 'quoted' /" + talk.value(), 1)));
        for (var typed :
                List.of("it's", "a & b", "test:*", "'quoted'", "!test", "\\ test", "(a|b)", "test <-> quoted")) {
            find(typed, ANN);
        }
        assertEquals(1, find("'quoted':*", ANN).size());
        assertEquals(List.of(), find("'quoted' /" + talk.value() + " nothing", ANN));
    }

    @Test
    void a_text_of_the_greatest_size_is_found_by_its_end() {
        var talk = conversation(ANN);
        index.put(List.of(
                message(talk, 1, "汉字".repeat(4_990) + " the needle", 1),
                message(talk, 2, "\uFDFA".repeat(9_990) + " needle", 1),
                message(talk, 3, "a\u0300".repeat(4_990) + " needle", 1),
                message(talk, 4, "x ".repeat(4_990) + "\"the needle\"", 1),
                message(talk, 5, "\uD83D\uDE00".repeat(9_990) + " needle", 1)));
        assertEquals(5, find("needle", ANN).size());
        assertEquals(2, find("\"the needle\"", ANN).size());
    }

    @Test
    void order_is_by_rank_or_by_time_and_pages_meet_without_holes() {
        var talk = conversation(ANN);
        var other = conversation(ANN);
        var batch = new ArrayList<Message>();
        for (int i = 1; i <= 40; i++) {
            var where = i % 2 == 0 ? talk : other;
            batch.add(message(where, i, (i % 3 == 0 ? "lamp lamp lamp " : "lamp ") + "and ".repeat(i % 5), 1));
        }
        index.put(batch);
        for (var order : SearchQuery.Order.values()) {
            var all = index.find(query("lamp", ANN, order), null, 100);
            assertEquals(40, all.size());
            var paged = new ArrayList<Hit>();
            Hit last = null;
            List<Hit> page;
            do {
                page = index.find(query("lamp", ANN, order), last, 7);
                paged.addAll(page);
                last = page.isEmpty() ? null : page.getLast();
            } while (last != null);
            assertEquals(all, paged);
        }
        var ranked = index.find(query("lamp", ANN, SearchQuery.Order.RANK), null, 100);
        assertEquals(0, ranked.getFirst().seq() % 3, "what says it most comes first");
        var byTime = index.find(query("lamp", ANN, SearchQuery.Order.TIME), null, 100);
        assertEquals(
                byTime.stream()
                        .map(Hit::at)
                        .sorted(java.util.Comparator.reverseOrder())
                        .toList(),
                byTime.stream().map(Hit::at).toList());
    }

    @Test
    void a_whole_word_ranks_above_a_longer_one() {
        var talk = conversation(ANN);
        index.put(List.of(message(talk, 1, "zebra", 1), message(talk, 2, "zebrafish", 1)));
        assertEquals(
                List.of(1L, 2L),
                index.find(query("zebra", ANN, SearchQuery.Order.RANK), null, 5).stream()
                        .map(Hit::seq)
                        .toList());
    }

    @Test
    void the_sender_and_the_times_narrow_it() {
        var talk = conversation(ANN);
        index.put(List.of(message(talk, 1, "violin", 1), message(talk, 2, "violin", 1)));
        var words = words("violin");
        assertEquals(List.of(2L), seqs(new SearchQuery(ANN, words, talk, null, START.plusSeconds(2), null, TIME)));
        assertEquals(List.of(1L), seqs(new SearchQuery(ANN, words, talk, null, null, START.plusSeconds(2), TIME)));
        assertEquals(List.of(), seqs(new SearchQuery(ANN, words, talk, BOB, null, null, TIME)));
        assertEquals(List.of(2L, 1L), seqs(new SearchQuery(ANN, words, null, ANN, null, null, TIME)));
    }

    @Test
    void a_common_word_is_found_by_the_index_in_the_conversations_of_one_person_only() throws Exception {
        // 100,000 rows of others all say "hello"; so do 100 of Bob's, in ten conversations.
        execute("""
                INSERT INTO message_search (conversation_id, seq, sender_id, created_at, version, words)
                SELECT 8000000 + n % 1000, n / 1000 + 1, 9, '2026-11-22T10:00:00Z', 1,
                    ('''hello'':1 ''word' || n % 5000 || ''':2 ''/' || 8000000 + n % 1000 || ''' ''@9''')::tsvector
                FROM generate_series(1, 100000) AS n
                """);
        for (int i = 0; i < 10; i++) {
            var talk = conversation(BOB);
            var batch = new ArrayList<Message>();
            for (int seq = 1; seq <= 10; seq++) {
                batch.add(message(talk, seq, "hello again " + seq, 1));
            }
            index.put(batch);
        }
        execute("VACUUM ANALYZE message_search");
        for (var typed : List.of("hello", "hello again", "hel", "\"hello again\"")) {
            for (var order : SearchQuery.Order.values()) {
                assertEquals(
                        100, index.find(query(typed, BOB, order), null, 200).size(), typed);
                var plan = plan(query(typed, BOB, order));
                assertTrue(plan.toString().contains("message_search_by_word"), plan::toPrettyString);
                long buffers = plan.at("/0/Plan/Shared Hit Blocks").longValue()
                        + plan.at("/0/Plan/Shared Read Blocks").longValue();
                assertTrue(buffers < BUFFERS_MAX, () -> typed + " touched " + buffers + "\n" + plan.toPrettyString());
            }
        }
    }

    /** Without the time limits of the pool. */
    private static void execute(String sql) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private JsonNode plan(SearchQuery search) throws Exception {
        var conversations = postgres.with(db -> db.createQuery("SELECT conversation_id FROM member WHERE user_id = ?")
                .bind(0, search.reader().value())
                .map((row, context) -> new ConversationId(row.getLong(1)))
                .list());
        String plan = postgres.with(db -> db.createQuery("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + SearchIndex.FIND)
                .bind("ranked", search.order() == SearchQuery.Order.RANK)
                .bind("words", search.words().query())
                .bind("wholeWords", search.words().wholeQuery())
                .bind("query", SearchIndex.query(search, conversations))
                .bind("from", START.minusSeconds(60).atOffset(java.time.ZoneOffset.UTC))
                .bind("to", START.plusSeconds(6000).atOffset(java.time.ZoneOffset.UTC))
                .bind("reader", search.reader().value())
                .bind("rank", Float.MAX_VALUE)
                .bind("at", START.plusSeconds(9000).atOffset(java.time.ZoneOffset.UTC))
                .bind("conversation", Long.MAX_VALUE)
                .bind("seq", Long.MAX_VALUE)
                .bind("limit", 21)
                .mapTo(String.class)
                .one());
        return Json.MAPPER.readTree(plan);
    }

    private static final SearchQuery.Order TIME = SearchQuery.Order.TIME;

    private List<Long> seqs(SearchQuery search) {
        return index.find(search, null, 50).stream().map(Hit::seq).toList();
    }

    private List<Hit> find(String typed, UserId reader) {
        return index.find(query(typed, reader, TIME), null, 200);
    }

    private static SearchQuery query(String typed, UserId reader, SearchQuery.Order order) {
        return new SearchQuery(reader, words(typed), null, null, null, null, order);
    }

    private static SearchWords words(String typed) {
        return assertInstanceOf(SearchWords.Parsed.Fine.class, SearchWords.parse(typed))
                .words();
    }

    private ConversationId conversation(UserId member) {
        var id = new ConversationId(IDS.incrementAndGet());
        postgres.with(db -> db.execute("""
                INSERT INTO conversation (id, type, created_by, created_at, updated_at, changed_at, member_count, last_at)
                VALUES (?, 'group', ?, now(), now(), now(), 1, now())
                """, id.value(), member.value()));
        postgres.with(db -> db.execute("""
                INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                VALUES (?, ?, 'owner', now(), 1, now())
                """, id.value(), member.value()));
        return id;
    }

    private static Message message(ConversationId talk, long seq, String text, int version) {
        return message(talk, seq, MessageBody.text(text), version, null);
    }

    private static Message deleted(ConversationId talk, long seq, int version) {
        return message(talk, seq, MessageBody.text(""), version, START.plusSeconds(99));
    }

    private static Message message(
            ConversationId talk, long seq, MessageBody body, int version, @Nullable Instant deletedAt) {
        var state = new MessageState(version, null, null, deletedAt, START.plusSeconds(100));
        return new Message(talk, seq, ANN, "key", body, START.plusSeconds(seq), state);
    }
}
