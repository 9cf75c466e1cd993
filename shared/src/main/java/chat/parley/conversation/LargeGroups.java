package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who is in which large group, as stream nodes ask for it. Each question is one statement over an index that holds members of large groups only. Safe for use
 * by many threads; throws {@link StoreUnavailable} when PostgreSQL does not answer.
 */
public final class LargeGroups {
    /** Most large groups of one person that are followed live, the newest ones; what is said in others is read from history. */
    public static final int FOLLOWED_MAX = 1_000;

    private static final String OF = """
            SELECT g.user_id, g.conversation_id, g.joined_seq, g.from_seq
            FROM unnest(:users) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT * FROM large_member WHERE user_id = wanted.id ORDER BY conversation_id DESC LIMIT :limit) g
            """;

    private static final String ANY_OF = """
            SELECT wanted.id FROM unnest(:users) AS wanted (id)
            WHERE EXISTS (SELECT FROM large_member WHERE user_id = wanted.id)
            """;

    private static final String FIND = """
            SELECT g.user_id, g.conversation_id, g.joined_seq, g.from_seq
            FROM unnest(:users, :conversations) AS wanted (user_id, conversation_id)
            JOIN large_member g ON g.user_id = wanted.user_id AND g.conversation_id = wanted.conversation_id
            """;

    private static final String DEPARTED =
            "SELECT departed_at FROM conversation WHERE id = :conversation AND departed_at IS NOT NULL";

    /** By the time of the change, of which there is an index; those who came back are among them. */
    private static final String CHANGED_SINCE = """
            SELECT user_id FROM member WHERE conversation_id = :conversation AND changed_at > :since AND user_id = ANY (:among)
            """;

    private static final String QUIET_SINCE = """
            SELECT id FROM conversation
            WHERE id = ANY (:among) AND greatest(last_at, messages_changed_at, updated_at) < :since
            """;

    /** Those who were members when the group became large are the longest members. */
    private static final String FIRST_MEMBERS = """
            SELECT g.user_id, g.conversation_id, g.joined_seq, g.from_seq
            FROM (
                SELECT user_id FROM member WHERE conversation_id = :conversation AND left_at IS NULL
                ORDER BY joined_at, user_id
                LIMIT :limit) m
            JOIN large_member g ON g.user_id = m.user_id AND g.conversation_id = :conversation
            """;

    private static final String TOLD_BY = """
            SELECT user_id FROM member
            WHERE conversation_id = :conversation AND left_at IS NULL AND joined_at <= :at
            ORDER BY joined_at, user_id
            LIMIT :limit
            """;

    private final Postgres postgres;

    /** @param postgres closed by the caller */
    public LargeGroups(Postgres postgres) {
        this.postgres = postgres;
    }

    /**
     * One person's place in a large group.
     *
     * @param joinedSeq the first message that is seen
     * @param fromSeq the first message that comes by the group's stream
     */
    public record Place(ConversationId conversation, long joinedSeq, long fromSeq) {}

    /** Who has which place. */
    public record Seat(UserId user, Place place) {}

    /** Those of {@code seats} who are members still, and as it is said there. */
    public Set<Seat> still(Collection<Seat> seats) {
        var found = new HashSet<>(postgres.<List<Seat>, RuntimeException>with(db -> db.createQuery(FIND)
                .bind("users", Rows.ids(seats, seat -> seat.user.value()))
                .bind("conversations", Rows.ids(seats, seat -> seat.place.conversation.value()))
                .map((row, context) -> new Seat(new UserId(row.getLong("user_id")), place(row)))
                .list()));
        found.retainAll(seats);
        return found;
    }

    /** The large groups of each who has any. */
    public Map<UserId, List<Place>> of(Collection<UserId> users) {
        var found = new HashMap<UserId, List<Place>>();
        postgres.with(db -> db.createQuery(OF)
                        .bind("users", Rows.ids(users, UserId::value))
                        .bind("limit", FOLLOWED_MAX)
                        .map((row, context) -> Map.entry(new UserId(row.getLong("user_id")), place(row)))
                        .list())
                .forEach(each -> found.computeIfAbsent(each.getKey(), unused -> new ArrayList<>())
                        .add(each.getValue()));
        return found;
    }

    /** Those of {@code users} who are in any large group. */
    public Set<UserId> anyOf(Collection<UserId> users) {
        return new HashSet<>(postgres.<List<UserId>, RuntimeException>with(db -> db.createQuery(ANY_OF)
                .bind("users", Rows.ids(users, UserId::value))
                .map((row, context) -> new UserId(row.getLong("id")))
                .list()));
    }

    /** Those of {@code among} in which nothing was said or changed since then. */
    public Set<ConversationId> quietSince(Collection<ConversationId> among, Instant since) {
        return new HashSet<>(postgres.<List<ConversationId>, RuntimeException>with(db -> db.createQuery(QUIET_SINCE)
                .bind("among", Rows.ids(among, ConversationId::value))
                .bind("since", Rows.time(since))
                .map((row, context) -> new ConversationId(row.getLong("id")))
                .list()));
    }

    /** When someone left the group last, in ms; 0 if nobody did. */
    public long departedMillis(ConversationId conversation) {
        return postgres.with(db -> db.createQuery(DEPARTED)
                .bind("conversation", conversation.value())
                .map((row, context) -> Rows.instant(row, "departed_at").toEpochMilli())
                .findOne()
                .orElse(0L));
    }

    /** Those of {@code among} whose membership changed after {@code millis}. */
    public Set<UserId> changedSince(ConversationId conversation, long millis, Collection<UserId> among) {
        return new HashSet<>(postgres.<List<UserId>, RuntimeException>with(db -> db.createQuery(CHANGED_SINCE)
                .bind("conversation", conversation.value())
                .bind("since", Rows.time(Instant.ofEpochMilli(millis)))
                .bind("among", Rows.ids(among, UserId::value))
                .map((row, context) -> new UserId(row.getLong("user_id")))
                .list()));
    }

    /** Everyone who is a member and was by {@code at}: those who are told by name that the group became large then. */
    public List<UserId> membersBy(ConversationId conversation, Instant at, int limit) {
        return postgres.with(db -> db.createQuery(TOLD_BY)
                .bind("conversation", conversation.value())
                .bind("at", Rows.time(at))
                .bind("limit", limit)
                .map((row, context) -> new UserId(row.getLong("user_id")))
                .list());
    }

    /** The places of the longest members: who was there when the group became large is among them. */
    public Map<UserId, Place> firstMembers(ConversationId conversation, int limit) {
        return postgres.with(db -> db.createQuery(FIRST_MEMBERS)
                .bind("conversation", conversation.value())
                .bind("limit", limit)
                .map((row, context) -> Map.entry(new UserId(row.getLong("user_id")), place(row)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    private static Place place(ResultSet row) throws SQLException {
        return new Place(
                new ConversationId(row.getLong("conversation_id")), row.getLong("joined_seq"), row.getLong("from_seq"));
    }
}
