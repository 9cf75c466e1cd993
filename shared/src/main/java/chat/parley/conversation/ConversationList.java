package chat.parley.conversation;

import chat.parley.conversation.Conversations.ListPosition;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageHead;
import chat.parley.message.MessageHeads;
import chat.parley.message.MessageRows;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The list of someone's conversations: what every client asks for first, and a phone with five hundred of them too. One statement by plain JDBC
 * for everything but the members shown. Those come from a cache that names their version, which the statement answers: so they
 * are never older than the rest. Safe for use by many threads; throws {@link StoreUnavailable} when PostgreSQL does not answer.
 */
public final class ConversationList {
    /** Most conversations of a page: all that most people have, for a client that starts with an empty memory. */
    public static final int LIMIT_MAX = 500;

    /** Members held by the cache, of all conversations together; some 100 bytes each, so about 20 MB when full. */
    private static final long CACHED_MEMBERS_MAX = 200_000;

    /** What moves with every change of members: in a large group the version does not move with those who come and go, but the time does. */
    private static final String SHOWN_VERSION =
            "CASE WHEN c.large THEN (extract(epoch FROM c.changed_at) * 1000000)::bigint ELSE c.members_version END";

    /** Whoever has many conversations pays for looking at each of them, as the order is theirs; messages are read for the page only. */
    private static final String PAGE = """
            WITH page AS MATERIALIZED (
                SELECT %s, %s AS members_version, %s
                FROM member m JOIN conversation c ON c.id = m.conversation_id
                WHERE m.user_id = ? AND m.left_at IS NULL %s
                ORDER BY c.last_at DESC, c.id DESC
                LIMIT ?
            )
            SELECT page.*, %s
            FROM page LEFT JOIN message m
                ON m.conversation_id = page.id AND m.seq = page.last_seq AND page.last_seq >= page.joined_seq
            ORDER BY page.last_at DESC, page.id DESC
            """;

    static final String FIRST_PAGE =
            PAGE.formatted(Rows.CONVERSATION, SHOWN_VERSION, Rows.MINE, "", MessageRows.COLUMNS);

    static final String NEXT_PAGE = PAGE.formatted(
            Rows.CONVERSATION, SHOWN_VERSION, Rows.MINE, "AND (c.last_at, c.id) < (?, ?)", MessageRows.COLUMNS);

    private static final String SHOWN = """
            SELECT %s AS members_version, %s
            FROM conversation c
            CROSS JOIN LATERAL (
                SELECT * FROM member WHERE conversation_id = c.id AND left_at IS NULL ORDER BY joined_at, user_id LIMIT ?) m
            WHERE c.id = ANY (?)
            ORDER BY m.conversation_id, m.joined_at, m.user_id
            """.formatted(SHOWN_VERSION, Rows.MEMBER);

    private final Postgres postgres;
    private final MessageHeads heads;
    private final Cache<ConversationId, Shown> cache = Caffeine.newBuilder()
            .maximumWeight(CACHED_MEMBERS_MAX)
            .weigher((ConversationId id, Shown shown) -> 1 + shown.members.size())
            .build();

    /** Reads through {@code postgres}, which the caller closes. */
    public ConversationList(Postgres postgres, MessageHeads heads) {
        this.heads = heads;
        this.postgres = postgres;
    }

    /**
     * One line of the list.
     *
     * @param last the newest message, where there is one that the person may see
     */
    public record Entry(Membership membership, @Nullable Message last) {}

    /** The members shown of a conversation at one version. */
    private record Shown(long version, List<Member> members) {}

    /** A line without its members. */
    private record Line(
            Membership membership, long version, @Nullable Message last) {
        ConversationId id() {
            return membership.conversation().id();
        }
    }

    /**
     * The person's conversations, last active first.
     *
     * @param after null for the first page
     * @param limit at most {@link #LIMIT_MAX} and one more
     */
    public List<Entry> page(UserId user, @Nullable ListPosition after, int limit) {
        List<Line> lines;
        Map<ConversationId, List<Member>> shown;
        try (var connection = postgres.dataSource().getConnection()) {
            lines = lines(connection, user, after, limit);
            shown = shown(connection, lines);
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                throw new StoreUnavailable("postgres", e);
            }
            throw new IllegalStateException("PostgreSQL refused to list conversations", e);
        }
        if (heads.areAhead()) {
            lines = withNewest(lines);
        }
        var entries = new ArrayList<Entry>(lines.size());
        for (var line : lines) {
            var members = shown.getOrDefault(line.id(), List.of());
            entries.add(new Entry(line.membership.withMembers(members), line.last));
        }
        return entries;
    }

    /**
     * With the newest messages, which are not in PostgreSQL. The order stays that of the rows, and so do the times in it, as the next page begins where this one ends by
     * them: a conversation that has moved up within the last second may stand where it was.
     */
    private List<Line> withNewest(List<Line> lines) {
        var newest = heads.newest(lines.stream().map(Line::id).toList());
        var bare = lines.stream()
                .filter(line -> !newest.containsKey(line.id()))
                .map(Line::id)
                .toList();
        var ahead = heads.ahead(bare);
        var complete = new ArrayList<Line>(lines.size());
        for (var line : lines) {
            var message = newest.get(line.id());
            var head = ahead.get(line.id());
            long lastSeq = message != null ? message.seq() : head != null ? head.lastSeq() : 0;
            var membership = line.membership.withHead(
                    new MessageHead(lastSeq, line.membership.conversation().lastAt()));
            boolean isVisible = message != null
                    && message.seq() >= line.membership.me().member().joinedSeq();
            complete.add(new Line(membership, line.version, isVisible ? message : null));
        }
        return complete;
    }

    private static List<Line> lines(Connection connection, UserId user, @Nullable ListPosition after, int limit)
            throws SQLException {
        try (var statement = connection.prepareStatement(after == null ? FIRST_PAGE : NEXT_PAGE)) {
            int place = 1;
            statement.setLong(place++, user.value());
            if (after != null) {
                statement.setObject(place++, Rows.time(after.lastAt()));
                statement.setLong(place++, after.conversation().value());
            }
            statement.setInt(place, limit);
            try (var rows = statement.executeQuery()) {
                int messageFrom = rows.getMetaData().getColumnCount() - MessageRows.COUNT + 1;
                var lines = new ArrayList<Line>(limit);
                while (rows.next()) {
                    lines.add(new Line(
                            Conversations.membership(rows),
                            rows.getLong("members_version"),
                            MessageRows.messageOrNull(rows, messageFrom)));
                }
                return lines;
            }
        }
    }

    /** From the cache where it has the version that the line names; the others by one statement. */
    private Map<ConversationId, List<Member>> shown(Connection connection, List<Line> lines) throws SQLException {
        var shown = new HashMap<ConversationId, List<Member>>();
        var missing = new ArrayList<ConversationId>();
        for (var line : lines) {
            var id = line.id();
            var cached = cache.getIfPresent(id);
            if (cached != null && cached.version == line.version) {
                shown.put(id, cached.members);
            } else {
                missing.add(id);
            }
        }
        if (!missing.isEmpty()) {
            for (var read : read(connection, missing).entrySet()) {
                shown.put(read.getKey(), read.getValue().members);
                // A slower reader must not put an older version over a newer one.
                var kept = cache.asMap()
                        .merge(read.getKey(), read.getValue(), (old, now) -> old.version > now.version ? old : now);
                assert kept != null;
            }
        }
        return shown;
    }

    private static Map<ConversationId, Shown> read(Connection connection, List<ConversationId> wanted)
            throws SQLException {
        try (var statement = connection.prepareStatement(SHOWN)) {
            statement.setInt(1, Conversations.MEMBERS_SHOWN);
            statement.setObject(
                    2, wanted.stream().mapToLong(ConversationId::value).toArray());
            try (ResultSet rows = statement.executeQuery()) {
                var read = new HashMap<ConversationId, Shown>();
                while (rows.next()) {
                    long version = rows.getLong("members_version");
                    var member = Rows.member(rows);
                    read.computeIfAbsent(member.conversation(), id -> new Shown(version, new ArrayList<>()))
                            .members
                            .add(member);
                }
                return read;
            }
        }
    }
}
