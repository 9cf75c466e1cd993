package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The cache of rosters. Safe for use by many threads. */
final class Rosters {
    /** Members held, of all conversations together; some 250 bytes each, so about 50 MB when full. */
    private static final long MEMBERS_MAX = 200_000;

    private static final String READ = """
            SELECT c.type, c.posting, c.members_version, %s AS is_blocked, %s
            FROM conversation c JOIN member m ON m.conversation_id = c.id
            WHERE c.id = :conversation AND m.left_at IS NULL
            ORDER BY m.joined_at, m.user_id
            """.formatted(DirectPair.IS_BLOCKED, Rows.MEMBER);

    private final Postgres postgres;
    private final Cache<ConversationId, Roster> cache = Caffeine.newBuilder()
            .maximumWeight(MEMBERS_MAX)
            .weigher((ConversationId id, Roster roster) -> 1 + roster.members().size())
            .build();

    Rosters(Postgres postgres) {
        this.postgres = postgres;
    }

    Optional<Roster> possiblyOld(ConversationId conversation) {
        var cached = cache.getIfPresent(conversation);
        return cached != null ? Optional.of(cached) : fresh(conversation);
    }

    Optional<Roster> fresh(ConversationId conversation) {
        var roster = postgres.<Optional<Roster>, RuntimeException>with(db -> read(db, conversation));
        if (roster.isEmpty()) {
            cache.invalidate(conversation);
            return roster;
        }
        // A slower reader must not put an older roster over this one: that would cost every sender a vain attempt.
        return Optional.of(cache.asMap()
                .merge(conversation, roster.get(), (old, read) -> old.version() > read.version() ? old : read));
    }

    void forget(ConversationId conversation) {
        cache.invalidate(conversation);
    }

    private static Optional<Roster> read(Handle db, ConversationId conversation) {
        var members = new LinkedHashMap<UserId, Member>();
        var shared = Collections.unmodifiableMap(members);
        // One statement, one snapshot: every row says the same of the conversation.
        return db
                .createQuery(READ)
                .bind("conversation", conversation.value())
                .map((row, context) -> {
                    var member = Rows.member(row);
                    members.put(member.user(), member);
                    return members.size() == 1
                            ? Optional.of(roster(conversation, row, shared))
                            : Optional.<Roster>empty();
                })
                .list()
                .stream()
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Roster roster(ConversationId conversation, ResultSet row, Map<UserId, Member> members)
            throws SQLException {
        return new Roster(
                conversation,
                row.getLong("members_version"),
                Rows.type(row),
                Posting.of(row.getString("posting")),
                row.getBoolean("is_blocked"),
                members);
    }
}
