package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealCassandra;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CassandraMessageStoreTest extends MessageErasureContract {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final AtomicLong IDS = new AtomicLong(5_000_000);
    private static Cassandra cassandra;
    private static Postgres postgres;

    private CassandraMessageStore store;

    @BeforeAll
    static void openServers() {
        cassandra = Cassandra.open(RealCassandra.shared().freshKeyspace());
        postgres = Postgres.open(
                new Postgres.Address(POSTGRES.jdbcUrl(), POSTGRES.user(), new Secret(POSTGRES.password())), 6);
        postgres.with(db -> db.execute(
                "INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (?, 'ann', 'Ann', 'ann', now())",
                ANN.value()));
    }

    @AfterAll
    static void closeServers() {
        postgres.close();
        cassandra.close();
    }

    @BeforeEach
    void open() {
        store = newStore();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private CassandraMessageStore newStore() {
        return new CassandraMessageStore(
                cassandra, new PostgresRosterVersions(postgres), clock, new SimpleMeterRegistry());
    }

    @Override
    protected MessageStore store() {
        return store;
    }

    @Override
    protected ConversationId newConversation() {
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

    /** As a change of members will do it: the fence is moved under the lock of the conversation's row. */
    @Override
    protected void changeMembers(ConversationId conversation) {
        postgres.inTransaction(db -> {
            long version = db.createQuery(
                            "UPDATE conversation SET members_version = members_version + 1 WHERE id = ? RETURNING members_version")
                    .bind(0, conversation.value())
                    .mapTo(Long.class)
                    .one();
            return store.moveMembers(conversation, version);
        });
    }

    @Test
    void two_nodes_write_to_the_same_conversations_without_holes() {
        var talks = new ConversationId[] {newConversation(), newConversation(), newConversation()};
        try (var other = newStore()) {
            var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
            for (int i = 0; i < 600; i++) {
                var node = i % 2 == 0 ? store : other;
                var result = new CompletableFuture<AppendOutcome>();
                node.submit(draft(talks[i % 3], ANN, "key" + i, "hello"), result);
                pending.add(result);
            }
            pending.forEach(MessageStore::result);
        }
        for (var talk : talks) {
            assertEquals(LongStream.rangeClosed(1, 200).boxed().toList(), seqs(store.after(talk, 0, 201)));
        }
    }
}
