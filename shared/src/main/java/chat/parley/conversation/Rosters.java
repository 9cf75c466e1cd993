package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The cache of rosters. That of a large group says what holds for a few people; what is kept of it is what a plain message of one of them is checked against.
 * Safe for use by many threads.
 */
final class Rosters {
    /** Members held, of all conversations together; some 250 bytes each, so about 50 MB when full. */
    private static final long MEMBERS_MAX = 200_000;

    /** People of large groups who wrote there of late; some 300 bytes each, so about 15 MB when full. */
    private static final long SENDERS_MAX = 50_000;

    /** One statement, one snapshot: every row says the same of the conversation. A row without a member where nobody is to be named. */
    private static final String READ = """
            WITH c AS MATERIALIZED (
                SELECT c.id, c.type, c.posting, c.members_version, c.large, c.departed_at, %s AS is_blocked
                FROM conversation c WHERE c.id = :conversation AND c.member_count > 0
            )
            SELECT c.*, m.*
            FROM c LEFT JOIN LATERAL (
                SELECT %2$s FROM member m WHERE m.conversation_id = c.id AND NOT c.large AND m.left_at IS NULL
                UNION ALL
                SELECT %2$s FROM member m
                WHERE m.conversation_id = c.id AND c.large AND m.user_id = ANY (:users) AND m.left_at IS NULL) m ON true
            ORDER BY m.joined_at, m.user_id
            """.formatted(DirectPair.IS_BLOCKED, Rows.MEMBER);

    private final Postgres postgres;
    private final Cache<ConversationId, Roster> cache = Caffeine.newBuilder()
            .maximumWeight(MEMBERS_MAX)
            .weigher((ConversationId id, Roster roster) -> 1 + roster.members().size())
            .build();
    private final Cache<Sender, Roster> senders =
            Caffeine.newBuilder().maximumSize(SENDERS_MAX).build();

    /** Someone in a large group. */
    private record Sender(ConversationId conversation, UserId user) {}

    Rosters(Postgres postgres) {
        this.postgres = postgres;
    }

    Optional<Roster> cached(ConversationId conversation, UserId sender) {
        var everyone = cache.getIfPresent(conversation);
        return Optional.ofNullable(
                everyone != null ? everyone : senders.getIfPresent(new Sender(conversation, sender)));
    }

    Optional<Roster> possiblyOld(ConversationId conversation, Collection<UserId> concerned) {
        var cached = cache.getIfPresent(conversation);
        return cached != null ? Optional.of(cached) : fresh(conversation, concerned);
    }

    Optional<Roster> fresh(ConversationId conversation, Collection<UserId> concerned) {
        var roster = postgres.<Optional<Roster>, RuntimeException>with(db -> read(db, conversation, concerned));
        if (roster.isEmpty() || roster.get().large()) {
            cache.invalidate(conversation);
            roster.filter(read -> concerned.size() == 1)
                    .ifPresent(read -> keep(read, concerned.iterator().next()));
            return roster;
        }
        return Optional.of(cache.asMap().merge(conversation, roster.get(), Rosters::newer));
    }

    /**
     * Only where everyone may post. The version of a large group does not move when an admin leaves by himself and comes back as a member, so a role that is
     * remembered would not be refused.
     */
    private void keep(Roster large, UserId user) {
        var sender = new Sender(large.conversation(), user);
        if (large.posting() == Posting.EVERYONE && large.members().containsKey(user)) {
            senders.asMap().merge(sender, large, Rosters::newer);
        } else {
            senders.invalidate(sender);
        }
    }

    /** A slower reader must not put an older roster over this one: that would cost every sender a vain attempt. */
    private static Roster newer(Roster old, Roster read) {
        return old.version() > read.version() ? old : read;
    }

    void forget(ConversationId conversation) {
        cache.invalidate(conversation);
    }

    private static Optional<Roster> read(Handle db, ConversationId conversation, Collection<UserId> concerned) {
        var members = new LinkedHashMap<UserId, Member>();
        var shared = Collections.unmodifiableMap(members);
        return db
                .createQuery(READ)
                .bind("conversation", conversation.value())
                .bind("users", Rows.ids(concerned, UserId::value))
                .map((row, context) -> {
                    boolean names = row.getObject("user_id") != null;
                    if (names) {
                        var member = Rows.member(row);
                        members.put(member.user(), member);
                    }
                    return members.size() > 1
                            ? Optional.<Roster>empty()
                            : Optional.of(roster(conversation, row, shared));
                })
                .list()
                .stream()
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Roster roster(ConversationId conversation, ResultSet row, Map<UserId, Member> members)
            throws SQLException {
        @Nullable OffsetDateTime departed = row.getObject("departed_at", OffsetDateTime.class);
        return new Roster(
                conversation,
                row.getLong("members_version"),
                Rows.type(row),
                Posting.of(row.getString("posting")),
                row.getBoolean("is_blocked"),
                row.getBoolean("large"),
                departed == null ? 0 : departed.toInstant().toEpochMilli(),
                members);
    }
}
