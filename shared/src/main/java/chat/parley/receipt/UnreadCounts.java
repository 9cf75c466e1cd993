package chat.parley.receipt;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What people have not read, in all their conversations together. Safe for use by many threads; throws {@link StoreUnavailable}. */
public final class UnreadCounts {
    /** A subtraction for each conversation, never a count of messages. */
    private static final String UNREAD = """
            SELECT m.user_id, sum(c.last_seq - greatest(m.read_seq, c.first_seq - 1))::bigint AS messages,
                count(*) FILTER (WHERE c.last_seq > greatest(m.read_seq, c.first_seq - 1)) AS conversations
            FROM member m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.user_id = ANY(:users) AND m.left_at IS NULL
            GROUP BY m.user_id
            """;

    private static final Unread NONE = new Unread(0, 0);

    private final Postgres postgres;

    /** @param postgres closed by the caller */
    public UnreadCounts(Postgres postgres) {
        this.postgres = postgres;
    }

    /** Unread messages of all conversations, and in how many. */
    public record Unread(long messages, long conversations) {}

    /** What {@code user} has not read. */
    public Unread of(UserId user) {
        return of(Set.of(user)).getOrDefault(user, NONE);
    }

    /** The same of many by one statement; who is in no conversation is left out. */
    public Map<UserId, Unread> of(Collection<UserId> users) {
        Long[] ids = users.stream().map(UserId::value).distinct().toArray(Long[]::new);
        return postgres.with(db -> {
            var counts = new HashMap<UserId, Unread>();
            db.createQuery(UNREAD)
                    .bindArray("users", Long.class, (Object[]) ids)
                    .map((row, context) -> Map.entry(
                            new UserId(row.getLong("user_id")),
                            new Unread(row.getLong("messages"), row.getLong("conversations"))))
                    .forEach(count -> counts.put(count.getKey(), count.getValue()));
            return counts;
        });
    }
}
