package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Public channels as those see them who are no members. To who is banned from one there is no such channel. Safe for use by many threads;
 * throws {@link StoreUnavailable} when PostgreSQL does not answer.
 */
public final class PublicChannels {
    private static final String IS_OPEN = """
            c.search_name IS NOT NULL AND c.member_count > 0
            AND NOT EXISTS (SELECT FROM ban b WHERE b.conversation_id = c.id AND b.user_id = :user)
            """;

    private static final String FIND = """
            SELECT %s FROM conversation c WHERE c.id = :conversation AND
            """.formatted(Rows.CONVERSATION) + IS_OPEN;

    private static final String PAGE = """
             AND (c.search_name, c.id) > (:afterName, :afterId)
            ORDER BY c.search_name, c.id
            LIMIT :limit
            """;

    private static final String ALL = "SELECT c.id FROM conversation c WHERE " + IS_OPEN + PAGE;

    private static final String SEARCH =
            "SELECT c.id FROM conversation c WHERE c.search_words @@ CAST(:query AS tsquery) AND " + IS_OPEN + PAGE;

    private static final String READ = """
            SELECT %s FROM conversation c WHERE c.id = ANY(:ids) ORDER BY c.search_name, c.id
            """.formatted(Rows.CONVERSATION);

    private static final String MINE = """
            SELECT %s, %s FROM conversation c JOIN member m ON m.conversation_id = c.id
            WHERE c.id = ANY(:ids) AND m.user_id = :user AND m.left_at IS NULL
            """.formatted(Rows.CONVERSATION, Rows.MINE);

    private final Postgres postgres;

    /** Reads through {@code postgres}, which the caller closes. */
    public PublicChannels(Postgres postgres) {
        this.postgres = postgres;
    }

    /** A place in a list: after the channel of this folded name and id. */
    public record Position(String name, ConversationId conversation) {
        /** Right after {@code channel}. */
        public static Position after(Conversation channel) {
            String name = channel.name();
            return new Position(name == null ? "" : ChannelName.folded(name), channel.id());
        }
    }

    /** A channel, and the membership of the one who asks, if there is one. */
    public record Found(Conversation channel, @Nullable Membership mine) {}

    /** The channel, if it is public and {@code user} could join it. */
    public Optional<Conversation> find(ConversationId conversation, UserId user) {
        return postgres.with(db -> db.createQuery(FIND)
                .bind("conversation", conversation.value())
                .bind("user", user.value())
                .map((row, context) -> Rows.conversation(row, List.of()))
                .findOne());
    }

    /**
     * Public channels by name: those in whose name each word of {@code query} begins a word.
     *
     * @param query all channels where it is null; without a word in it, it finds nothing
     * @param after null for the first page
     */
    public List<Found> search(UserId user, @Nullable String query, @Nullable Position after, int limit) {
        var words = query == null ? List.<String>of() : ChannelName.words(query);
        if (query != null && words.isEmpty()) {
            return List.of();
        }
        return postgres.with(db -> {
            var page = db.createQuery(query == null ? ALL : SEARCH)
                    .bind("user", user.value())
                    .bind("afterName", after == null ? "" : after.name())
                    .bind("afterId", after == null ? 0 : after.conversation().value())
                    .bind("limit", limit);
            if (query != null) {
                page.bind("query", ChannelName.query(words));
            }
            var ids = page.mapTo(Long.class).list();
            if (ids.isEmpty()) {
                return List.of();
            }
            var mine = Conversations.withMembers(
                    db,
                    db.createQuery(MINE)
                            .bind("ids", Rows.ids(ids, Long::longValue))
                            .bind("user", user.value())
                            .map((row, context) -> Conversations.membership(row))
                            .list());
            return db
                    .createQuery(READ)
                    .bind("ids", Rows.ids(ids, Long::longValue))
                    .map((row, context) -> Rows.conversation(row, List.of()))
                    .list()
                    .stream()
                    .map(channel -> new Found(
                            channel,
                            mine.stream()
                                    .filter(each -> each.conversation().id().equals(channel.id()))
                                    .findFirst()
                                    .orElse(null)))
                    .toList();
        });
    }
}
