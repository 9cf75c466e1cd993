package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What every store of messages does, over a ring that a test names. */
abstract class CassandraStoreContract extends MessageErasureContract {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    /** Of conversations and uploads. */
    static final AtomicLong IDS = new AtomicLong(5_000_000);

    static Postgres postgres;

    CassandraMessageStore store;

    @BeforeAll
    static void openPostgres() {
        postgres = Postgres.open(
                new Postgres.Address(POSTGRES.jdbcUrl(), POSTGRES.user(), new Secret(POSTGRES.password())), 6);
        postgres.with(db -> db.execute(
                "INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (?, 'ann', 'Ann', 'ann', now())",
                ANN.value()));
    }

    @AfterAll
    static void closePostgres() {
        postgres.close();
    }

    @BeforeEach
    void open() {
        store = newStore();
    }

    @AfterEach
    void close() {
        store.close();
    }

    final CassandraMessageStore newStore() {
        return new CassandraMessageStore(
                cassandra(), new PostgresRosterVersions(postgres), clock, new SimpleMeterRegistry());
    }

    /** A keyspace for all tests. */
    abstract Cassandra cassandra();

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
            return store.moveMembers(conversation, version, 0);
        });
    }
}
