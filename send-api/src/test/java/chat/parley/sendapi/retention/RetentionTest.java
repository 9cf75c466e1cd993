package chat.parley.sendapi.retention;

import static chat.parley.sendapi.People.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Expiry;
import chat.parley.id.ConversationId;
import chat.parley.message.MessageHeads;
import chat.parley.message.PostgresMessageStore;
import chat.parley.ops.Settings;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.search.SearchIndex;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.SendApiSettings.Bounds;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What expires is hidden at once, then gone from every table; the rest goes on. People act through the API; the passes are made by hand, at a time of the test's own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RetentionTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicInteger KEYS = new AtomicInteger();
    private static final Duration HOUR = Duration.ofHours(1);

    private final StepClock clock = StepClock.started();
    private RunningSendApi api;
    private Postgres postgres;
    private PostgresMessageStore messages;
    private Outbox outbox;

    @BeforeAll
    void start() {
        api = RunningSendApi.start(POSTGRES, REDIS);
        postgres = Postgres.open(POSTGRES.address(), 6);
        var meters = new SimpleMeterRegistry();
        messages = new PostgresMessageStore(postgres, null, clock, meters);
        outbox = new Outbox(postgres, meters);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
        outbox.close();
        messages.close();
        postgres.close();
    }

    @Test
    void what_is_older_than_the_limit_is_gone_and_the_rest_keeps_its_numbers() throws Exception {
        var ann = Person.signUp(api);
        var bob = Person.signUp(api);
        var talk = ann.directWith(bob);
        for (int i = 1; i <= 4; i++) {
            send(ann, talk, "old " + i, "");
        }
        ann.ask("PATCH", path(talk) + "/2", "{\"text\":\"old edited\"}");
        bob.ask("PUT", path(talk) + "/2/reactions/%F0%9F%91%8D", null);
        send(bob, talk, "young answer", ",\"reply_to\":2");
        awaitFound(ann, "old", 4);
        age(talk, 4);
        limit(talk, HOUR);

        pass(Duration.ZERO);

        for (var reader : List.of(ann, bob)) {
            var page = json(reader.ask("GET", path(talk), null));
            assertEquals(List.of("young answer"), texts(page));
            assertTrue(page.at("/before").isMissingNode(), page.toString());
            assertTrue(page.at("/quoted").isMissingNode(), page.toString());
            assertEquals(List.of("young answer"), texts(json(reader.ask("GET", path(talk) + "?after=0", null))));
            assertEquals(List.of("young answer"), texts(json(reader.ask("GET", path(talk) + "?around=2", null))));
            for (var gone : List.of("/2", "/2/versions", "/2/reactions")) {
                assertEquals(404, reader.ask("GET", path(talk) + gone, null).statusCode(), gone);
            }
            assertEquals(0, found(reader, "old"));
        }
        assertEquals(
                404,
                bob.ask("PUT", path(talk) + "/2/reactions/%F0%9F%91%8D", null).statusCode());
        var answer = bob.ask("POST", path(talk), body("x", ",\"reply_to\":2"));
        assertEquals(400, answer.statusCode(), answer.body());
        for (var table : List.of("message", "message_version", "reaction", "message_search")) {
            assertEquals(0, rowsBefore(table, talk, 5), table);
        }
        send(bob, talk, "goes on", "");
        var conversation = json(ann.ask("GET", "/v1/conversations/" + talk, null));
        assertEquals(6, conversation.at("/last_seq").intValue());
        assertEquals(5, conversation.at("/me/joined_seq").intValue());
    }

    @Test
    void what_expired_is_hidden_before_it_is_removed() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        for (int i = 0; i < 3; i++) {
            send(ann, talk, "fog " + i, "");
        }
        awaitFound(ann, "fog", 3);
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 3, clock.instant());
        assertEquals(List.of("fog 2"), texts(json(ann.ask("GET", path(talk), null))));
        assertEquals(404, ann.ask("GET", path(talk) + "/2", null).statusCode());
        assertEquals(1, found(ann, "fog"));
        assertEquals(3, rowsBefore("message", talk, 9), "still there");
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 2, clock.instant());
        assertEquals(1, texts(json(ann.ask("GET", path(talk), null))).size(), "never back");
        pass(Duration.ZERO);
        assertEquals(1, rowsBefore("message", talk, 9));
    }

    @Test
    void unread_counts_leave_out_what_expired() throws Exception {
        var ann = Person.signUp(api);
        var bob = Person.signUp(api);
        var talk = ann.directWith(bob);
        for (int i = 0; i < 5; i++) {
            send(ann, talk, "unread " + i, "");
        }
        assertEquals(5, unread(bob, talk));
        age(talk, 3);
        limit(talk, HOUR);
        pass(Duration.ZERO);
        assertEquals(2, unread(bob, talk));
        assertEquals(
                2,
                json(bob.ask("GET", "/v1/users/me/unread", null))
                        .at("/unread_count")
                        .intValue());
        age(talk, 5);
        pass(Duration.ZERO);
        assertEquals(0, unread(bob, talk));
        var conversation = json(bob.ask("GET", "/v1/conversations/" + talk, null));
        assertTrue(conversation.at("/last_message").isMissingNode(), conversation.toString());
        send(ann, talk, "again", "");
        assertEquals(1, unread(bob, talk));
    }

    @Test
    void long_histories_go_in_steps_and_a_limit_for_everything_wins_over_a_longer_one() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        var other = ann.groupWith();
        send(ann, talk, "first", "");
        send(ann, other, "first", "");
        copies(talk, 1_300);
        age(talk, 1_290);
        limit(talk, Duration.ofDays(99));
        pass(Duration.ZERO);
        assertEquals(1_300, rowsBefore("message", talk, 9_999), "its own limit is longer");
        pass(HOUR);
        assertEquals(10, rowsBefore("message", talk, 9_999));
        assertEquals(1, rowsBefore("message", other, 9_999));
        assertEquals(
                1_301,
                json(ann.ask("POST", path(talk), body("next", ""))).at("/seq").intValue());
    }

    @Test
    void a_conversation_of_which_nothing_is_left_goes_on() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        send(ann, talk, "one", "");
        age(talk, 1);
        limit(talk, HOUR);
        pass(Duration.ZERO);
        assertEquals(List.of(), texts(json(ann.ask("GET", path(talk), null))));
        assertEquals(
                2, json(ann.ask("POST", path(talk), body("two", ""))).at("/seq").intValue());
        pass(Duration.ZERO);
        assertEquals(List.of("two"), texts(json(ann.ask("GET", path(talk), null))));
    }

    @Test
    void what_was_to_be_told_of_the_messages_is_told_no_more() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        send(ann, talk, "one", "");
        send(ann, talk, "two", "");
        postgres.with(db -> db.execute(
                "INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at) VALUES (?, 1, 1, 1, now() + interval '1 hour'), (?, 7, 2, 1, now() + interval '1 hour')",
                id(talk),
                id(talk)));
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 2, clock.instant());
        pass(Duration.ZERO);
        assertEquals(
                List.of(2L),
                postgres.with(
                        db -> db.createQuery("SELECT subject FROM outbox WHERE conversation_id = ? AND kind IN (1, 7)")
                                .bind(0, id(talk))
                                .mapTo(Long.class)
                                .list()));
    }

    @Test
    void a_removal_that_was_cut_off_is_ended_by_the_next() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        send(ann, talk, "first", "");
        copies(talk, 1_300);
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 1_251, clock.instant());
        try (var dying = retention(Duration.ZERO)) {
            dying.close();
            dying.pass();
        }
        assertEquals(800, rowsBefore("message", talk, 9_999), "one step");
        pass(Duration.ZERO);
        assertEquals(50, rowsBefore("message", talk, 9_999));
        assertEquals(0, rowsBefore("message_search", talk, 1_251));
    }

    @Test
    void members_are_told_in_the_same_transaction() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        send(ann, talk, "one", "");
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 2, clock.instant());
        new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 2, clock.instant());
        long told =
                postgres.with(db -> db.createQuery("SELECT count(*) FROM outbox WHERE conversation_id = ? AND kind = 3")
                        .bind(0, id(talk))
                        .mapTo(Long.class)
                        .one());
        assertEquals(1, told, "once");
    }

    @Test
    void a_limit_that_nobody_could_read_under_is_refused() {
        var complaint = assertThrows(
                IllegalArgumentException.class, () -> Bounds.retention(new Settings(Map.of("PARLEY_RETENTION", "59"))));
        assertTrue(complaint.toString().contains("PARLEY_RETENTION is 59"), complaint.toString());
        assertEquals(Duration.ofMinutes(1), Bounds.retention(new Settings(Map.of("PARLEY_RETENTION", "60"))));
        assertEquals(Duration.ZERO, Bounds.retention(new Settings(Map.of())));
    }

    /** Copies the first message to the seqs up to {@code last}. */
    private void copies(String talk, int last) {
        postgres.with(db -> db.execute("""
                INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
                SELECT conversation_id, n, sender_id, 'many' || n, body_hash, text, created_at
                FROM message, generate_series(2, ?) AS n WHERE conversation_id = ? AND seq = 1
                """, last, id(talk)));
        postgres.with(db -> db.execute("UPDATE conversation SET last_seq = ? WHERE id = ?", last, id(talk)));
    }

    /** Times of people are those of the machine; the passes are made at the same time. */
    private void pass(Duration everywhere) {
        clock.set(Instant.ofEpochMilli(
                postgres.with(db -> db.createQuery("SELECT (extract(epoch FROM now()) * 1000)::bigint + 60000")
                        .mapTo(Long.class)
                        .one())));
        try (var retention = retention(everywhere)) {
            retention.pass();
        }
    }

    private Retention retention(Duration everywhere) {
        return new Retention(
                new Expiry(postgres, MessageHeads.IN_ROWS, clock),
                messages,
                new SearchIndex(postgres),
                outbox,
                everywhere,
                clock,
                new SimpleMeterRegistry());
    }

    /** Makes the messages up to {@code seq} two days old. */
    private void age(String talk, long seq) {
        postgres.with(db -> db.execute(
                "UPDATE message SET created_at = created_at - interval '2 days' WHERE conversation_id = ? AND seq <= ?",
                id(talk),
                seq));
        postgres.with(db -> db.execute(
                "UPDATE conversation SET created_at = created_at - interval '3 days', oldest_at = NULL WHERE id = ?",
                id(talk)));
    }

    private void limit(String talk, Duration limit) {
        postgres.with(db ->
                db.execute("UPDATE conversation SET retention_seconds = ? WHERE id = ?", limit.toSeconds(), id(talk)));
    }

    private long rowsBefore(String table, String talk, long seq) {
        return postgres.with(
                db -> db.createQuery("SELECT count(*) FROM " + table + " WHERE conversation_id = ? AND seq < ?")
                        .bind(0, id(talk))
                        .bind(1, seq)
                        .mapTo(Long.class)
                        .one());
    }

    private static int unread(Person reader, String talk) throws Exception {
        return json(reader.ask("GET", "/v1/conversations/" + talk, null))
                .at("/me/unread_count")
                .intValue();
    }

    private static void awaitFound(Person reader, String word, int count) {
        Awaitility.await().untilAsserted(() -> assertEquals(count, found(reader, word)));
    }

    private static int found(Person reader, String word) throws Exception {
        return json(reader.ask("GET", "/v1/search/messages?q=" + word, null))
                .at("/items")
                .size();
    }

    private static void send(Person sender, String talk, String text, String fields) throws Exception {
        var answer = sender.ask("POST", path(talk), body(text, fields));
        assertEquals(201, answer.statusCode(), answer.body());
    }

    private static String body(String text, String fields) {
        return "{\"client_message_id\":\"key" + KEYS.incrementAndGet() + "\",\"text\":\"" + text + "\"" + fields + "}";
    }

    private static String path(String talk) {
        return "/v1/conversations/" + talk + "/messages";
    }

    private static long id(String talk) {
        return ConversationId.parse(talk).value();
    }

    private static List<String> texts(JsonNode page) {
        var texts = new ArrayList<String>();
        page.at("/items").forEach(item -> texts.add(item.at("/text").textValue()));
        return texts;
    }
}
