package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jdbi.v3.core.statement.Query;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresMessageStoreTest extends MessageErasureContract {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final AtomicLong IDS = new AtomicLong(5_000_000);

    private Postgres postgres;
    private PostgresMessageStore store;

    @BeforeEach
    void open() {
        postgres = Postgres.open(
                new Postgres.Address(POSTGRES.jdbcUrl(), POSTGRES.user(), new Secret(POSTGRES.password())), 6);
        addUser(postgres);
        store = new PostgresMessageStore(postgres, null, clock, new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        store.close();
        postgres.close();
    }

    @Override
    protected MessageStore store() {
        return store;
    }

    @Override
    protected ConversationId newConversation() {
        return addConversation(postgres);
    }

    @Override
    protected void changeMembers(ConversationId conversation) {
        postgres.with(db -> db.execute(
                "UPDATE conversation SET members_version = members_version + 1 WHERE id = ?", conversation.value()));
    }

    @Test
    void each_message_is_remembered_in_the_outbox_and_the_conversation_knows_its_newest() {
        var talk = newConversation();
        send(talk, ANN, "a", "hello");
        send(talk, BOB, "b", "you");
        assertEquals(2L, number("SELECT last_seq FROM conversation WHERE id = ?", talk));
        assertEquals(
                2L, number("SELECT sum(cardinality(places)) FROM outbox_batch WHERE ? = ANY (conversations)", talk));
        assertEquals(
                3L, number("SELECT sum(last_seqs[1] + nths[1]) FROM outbox_batch WHERE ? = ANY (conversations)", talk));
    }

    @Test
    void two_nodes_write_to_the_same_conversations_without_holes_or_deadlocks() throws Exception {
        var talks = new ConversationId[] {newConversation(), newConversation(), newConversation()};
        try (var other = new PostgresMessageStore(postgres, null, clock, new SimpleMeterRegistry())) {
            var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
            for (int i = 0; i < 600; i++) {
                var node = i % 2 == 0 ? store : other;
                var result = new CompletableFuture<AppendOutcome>();
                node.submit(draft(talks[i % 3], ANN, "key" + i, "hello"), result);
                pending.add(result);
            }
            for (var result : pending) {
                MessageStore.result(result);
            }
        }
        for (var talk : talks) {
            assertEquals(200L, number("SELECT last_seq FROM conversation WHERE id = ?", talk));
            assertEquals(200L, number("SELECT count(*) FROM message WHERE conversation_id = ?", talk));
        }
    }

    /** While the first waits for the row, the others gather and are one commit. */
    @Test
    void messages_of_one_commit_are_remembered_together_until_all_are_published() {
        var talk = newConversation();
        try (var outbox = new Outbox(postgres, new SimpleMeterRegistry());
                var telling = new PostgresMessageStore(postgres, outbox, clock, new SimpleMeterRegistry())) {
            var stored = together(telling, talk, "a", "b", "c", "d", "e").stream()
                    .map(Stored.class::cast)
                    .toList();
            assertEquals(
                    List.of(1L, 2L, 3L, 4L, 5L),
                    stored.stream().map(one -> one.message().seq()).toList());
            assertEquals(5L, number(REMEMBERED, talk));
            assertTrue(number("SELECT count(*) FROM outbox_batch WHERE ? = ANY (conversations)", talk) < 5);
            telling.published(stored.stream().map(Stored::reminder).toList());
            Awaitility.await().until(() -> number(REMEMBERED, talk) == 0);
        }
    }

    @Test
    void one_repeat_among_them_is_told_from_the_others() {
        var talk = newConversation();
        send(talk, ANN, "b", "hello");
        var outcomes = together(store, talk, "a", "b", "c");
        assertInstanceOf(Stored.class, outcomes.get(0));
        assertEquals(
                1,
                assertInstanceOf(AlreadyStored.class, outcomes.get(1)).message().seq());
        assertInstanceOf(Stored.class, outcomes.get(2));
        assertEquals(List.of(1L, 2L, 3L), seqs(store.after(talk, 0, 10)));
        // Those that were stored are remembered, whichever way they went.
        assertEquals(3L, number("""
                SELECT (SELECT count(*) FROM outbox WHERE conversation_id = talk.id)
                    + (SELECT coalesce(sum(cardinality(places)), 0) FROM outbox_batch WHERE talk.id = ANY (conversations))
                FROM (SELECT CAST(? AS bigint) AS id) talk
                """, talk));
    }

    private static final String REMEMBERED =
            "SELECT coalesce(sum(cardinality(places)), 0) FROM outbox_batch WHERE ? = ANY (conversations)";

    private List<AppendOutcome> together(MessageStore store, ConversationId talk, String... keys) {
        var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
        postgres.inTransaction(db -> {
            db.execute("SELECT FROM conversation WHERE id = ? FOR UPDATE", talk.value());
            for (var key : keys) {
                var result = new CompletableFuture<AppendOutcome>();
                store.submit(draft(talk, ANN, key, "hello"), result);
                pending.add(result);
            }
            return pending;
        });
        return pending.stream().map(MessageStore::result).toList();
    }

    @Test
    void a_closed_store_says_so() {
        var talk = newConversation();
        store.close();
        assertThrows(StoreUnavailable.class, () -> store.append(draft(talk, ANN, "late", "hello")));
    }

    @Test
    void a_killed_server_makes_the_outcome_unknown_and_a_repeat_decides_it() throws Exception {
        try (var own = RealPostgres.own();
                var ownPostgres = Postgres.open(
                        new Postgres.Address(
                                own.server().jdbcUrl("postgres"),
                                own.server().user(),
                                new Secret(own.server().password())),
                        4)) {
            ownPostgres.migrate();
            addUser(ownPostgres);
            var talk = addConversation(ownPostgres);
            try (var ownStore = new PostgresMessageStore(ownPostgres, null, clock, new SimpleMeterRegistry())) {
                ownStore.append(draft(talk, ANN, "first", "hello"));
                own.server().kill();
                assertThrows(StoreUnavailable.class, () -> ownStore.append(draft(talk, ANN, "second", "hello")));
                own.server().restart();
                Awaitility.await()
                        .ignoreExceptions()
                        .untilAsserted(() -> ownStore.append(draft(talk, ANN, "second", "hello")));
                assertEquals(List.of(1L, 2L), seqs(ownStore.after(talk, 0, 10)));
            }
        }
    }

    private static void addUser(Postgres postgres) {
        postgres.with(db -> db.execute(
                "INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (?, 'ann', 'Ann', 'ann', now()) ON CONFLICT DO NOTHING",
                ANN.value()));
    }

    private ConversationId addConversation(Postgres postgres) {
        var conversation = new ConversationId(IDS.incrementAndGet());
        postgres.with(db -> db.createUpdate("""
                INSERT INTO conversation
                    (id, type, created_by, created_at, updated_at, changed_at, member_count, last_at)
                VALUES (:id, 'group', :ann, :now, :now, :now, 2, :now)
                """)
                .bind("id", conversation.value())
                .bind("ann", ANN.value())
                .bind("now", clock.instant().atOffset(ZoneOffset.UTC))
                .execute());
        return conversation;
    }

    private long number(String sql, ConversationId conversation) {
        return postgres.with(db -> {
            Query query = db.createQuery(sql).bind(0, conversation.value());
            return query.mapTo(Long.class).one();
        });
    }
}
