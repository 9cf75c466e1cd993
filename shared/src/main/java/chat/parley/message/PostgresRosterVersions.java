package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.postgres.Postgres;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.jdbi.v3.core.Handle;

/** The versions in {@code conversation.members_version}; its row's lock holds changes of members back. */
public final class PostgresRosterVersions implements RosterVersions {
    private static final String VERSION = "SELECT members_version FROM conversation WHERE id = ?";

    private final Postgres postgres;

    /** {@code postgres} is closed by the caller. */
    public PostgresRosterVersions(Postgres postgres) {
        this.postgres = postgres;
    }

    @Override
    public OptionalLong of(ConversationId conversation) {
        var version = postgres.with(db -> read(db, VERSION, conversation));
        return version.map(OptionalLong::of).orElseGet(OptionalLong::empty);
    }

    @Override
    public void hold(ConversationId conversation, LongConsumer work) {
        postgres.inTransaction(db -> {
            read(db, VERSION + " FOR NO KEY UPDATE", conversation).ifPresent(work::accept);
            return conversation;
        });
    }

    private static Optional<Long> read(Handle db, String sql, ConversationId conversation) {
        return db.createQuery(sql)
                .bind(0, conversation.value())
                .mapTo(Long.class)
                .findOne();
    }
}
