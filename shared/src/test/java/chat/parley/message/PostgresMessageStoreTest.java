package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import chat.parley.id.ConversationId;
import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
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
    void each_message_has_an_outbox_row_and_the_conversation_knows_its_newest() {
        var talk = newConversation();
        send(talk, ANN, "a", "hello");
        send(talk, BOB, "b", "you");
        assertEquals(2L, number("SELECT last_seq FROM conversation WHERE id = ?", talk));
        assertEquals(2L, number("SELECT count(*) FROM outbox WHERE kind = 1 AND conversation_id = ?", talk));
        assertEquals(3L, number("SELECT sum(subject) FROM outbox WHERE conversation_id = ?", talk));
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
