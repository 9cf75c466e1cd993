package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * Reads conversations and members. Everything but {@link #roster} asks the database. Safe for use by many threads; every method throws
 * {@link StoreUnavailable} when PostgreSQL does not answer.
 */
public final class Conversations {
    /** Most members one page answers. */
    public static final int LIMIT_MAX = 200;

    /** Members that stand in a conversation's object: enough for a client to draw a list of conversations. */
    static final int MEMBERS_SHOWN = 20;

    /** Most rows of each kind that {@link #since} answers: one more than a stream is told, so that "too many" shows. */
    private static final int SINCE_MAX = 10_001;

    private static final String FIND = """
            SELECT %s FROM conversation c WHERE c.id = :conversation
            """.formatted(Rows.CONVERSATION);

    private static final String FIND_MINE = """
            SELECT %s, %s
            FROM conversation c JOIN member m ON m.conversation_id = c.id
            WHERE c.id = :conversation AND m.user_id = :user
            """.formatted(Rows.CONVERSATION, Rows.MINE);

    private static final String MEMBER_STATE = """
            SELECT %s FROM member m WHERE m.conversation_id = :conversation AND m.user_id = :user
            """.formatted(Rows.MEMBER);

    private static final String MEMBERS = """
            SELECT %s FROM member m
            WHERE m.conversation_id = :conversation AND m.left_at IS NULL AND (m.joined_at, m.user_id) > (:joinedAt, :user)
            ORDER BY m.joined_at, m.user_id
            LIMIT :limit
            """.formatted(Rows.MEMBER);

    private static final String MEMBERS_AMONG = """
            SELECT %s FROM member m
            WHERE m.conversation_id = :conversation AND m.user_id = ANY(:users) AND m.left_at IS NULL
            ORDER BY m.joined_at, m.user_id
            """.formatted(Rows.MEMBER);

    private static final String FIRST_MEMBERS = """
            SELECT %s
            FROM unnest(:conversations) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT * FROM member WHERE conversation_id = wanted.id AND left_at IS NULL
                ORDER BY joined_at, user_id LIMIT :limit) m
            ORDER BY m.conversation_id, m.joined_at, m.user_id
            """.formatted(Rows.MEMBER);

    private static final String MEMBERSHIPS_SINCE = """
            SELECT %s, %s
            FROM member m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.user_id = :user AND (m.left_at IS NULL OR m.left_at >= :since)
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT %d
            """.formatted(Rows.CONVERSATION, Rows.MINE, SINCE_MAX);

    static final String MEMBERS_SINCE = """
            WITH mine AS MATERIALIZED (
                SELECT me.conversation_id, me.joined_at, c.large
                FROM member me JOIN conversation c ON c.id = me.conversation_id
                WHERE me.user_id = :user AND me.left_at IS NULL
            )
            SELECT %1$s
            FROM mine JOIN member m ON m.conversation_id = mine.conversation_id
            WHERE NOT mine.large AND m.changed_at >= greatest(:since, mine.joined_at)
            UNION ALL
            SELECT %1$s
            FROM mine JOIN member m ON m.conversation_id = mine.conversation_id AND m.user_id = :user
            WHERE mine.large AND m.changed_at >= :since
            ORDER BY changed_at, conversation_id, user_id
            LIMIT %2$d
            """.formatted(Rows.MEMBER, SINCE_MAX);

    /**
     * Of the person's own marks, and of everybody's where they are told to everybody. Not by an index on the time, which every move of a mark would
     * have to change: reads the members of the smaller conversations.
     */
    static final String MARKS_SINCE = """
            WITH mine AS MATERIALIZED (
                SELECT me.conversation_id, me.joined_at, c.member_count <= %d AND NOT c.large AS told
                FROM member me JOIN conversation c ON c.id = me.conversation_id
                WHERE me.user_id = :user AND me.left_at IS NULL
            )
            SELECT m.conversation_id, m.user_id, m.read_seq, m.delivered_seq, m.marks_changed_at
            FROM mine JOIN member m ON m.conversation_id = mine.conversation_id
            WHERE mine.told AND m.left_at IS NULL AND m.marks_changed_at >= greatest(:since, mine.joined_at)
            UNION ALL
            SELECT m.conversation_id, m.user_id, m.read_seq, m.delivered_seq, m.marks_changed_at
            FROM mine JOIN member m ON m.conversation_id = mine.conversation_id AND m.user_id = :user
            WHERE NOT mine.told AND m.marks_changed_at >= :since
            LIMIT %d
            """.formatted(MembersMarks.TOLD_MEMBERS_MAX, SINCE_MAX);

    private static final String FIRST_SEQS = """
            SELECT id, first_seq FROM conversation WHERE id = ANY (:conversations) AND first_seq > 1
            """;

    private static final String HEADS = """
            SELECT c.id, c.last_seq
            FROM member m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.user_id = :user AND m.left_at IS NULL
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT :limit
            """;

    private final Postgres postgres;
    private final MessageHeads heads;
    private final Rosters rosters;

    /** Reads through {@code postgres}, which the caller closes. */
    public Conversations(Postgres postgres, MessageHeads heads) {
        this.heads = heads;
        this.postgres = postgres;
        this.rosters = new Rosters(postgres);
    }

    /** A place in the list of someone's conversations: after the one with this activity and id. */
    public record ListPosition(Instant lastAt, ConversationId conversation) {}

    /** A place in the list of members: after the one who joined then and has this id. */
    public record MemberPosition(Instant joinedAt, UserId user) {}

    /**
     * Who is in the conversation, possibly by a cache and then older than the truth; empty when it has no members or does not exist. For what is
     * checked again by {@link Roster#version} when it is stored, and nothing else. A "no" read from it needs {@link #freshRoster}.
     *
     * @param concerned who is to be in it, if they are members, also where it is that of a large group
     */
    public Optional<Roster> roster(ConversationId conversation, Collection<UserId> concerned) {
        return rosters.possiblyOld(conversation, concerned);
    }

    /**
     * The same from memory alone, for who must not wait; empty also where {@link #roster} would find it. That of a large group names {@code sender} and nobody
     * else, and tells whether they may post and no more: the role may be one they had before they left and came back.
     */
    public Optional<Roster> cachedRoster(ConversationId conversation, UserId sender) {
        return rosters.cached(conversation, sender);
    }

    /** The same where nobody in particular is asked about. */
    public Optional<Roster> roster(ConversationId conversation) {
        return rosters.possiblyOld(conversation, List.of());
    }

    /** Who is in the conversation now; refreshes the cache. Of a large group: which of {@code concerned} are. */
    public Optional<Roster> freshRoster(ConversationId conversation, Collection<UserId> concerned) {
        return rosters.fresh(conversation, concerned);
    }

    /** The same where nobody in particular is asked about. */
    public Optional<Roster> freshRoster(ConversationId conversation) {
        return rosters.fresh(conversation, List.of());
    }

    /** Drops the cached roster; call after changing members. Other nodes find out when a send of theirs is refused. */
    public void forgetRoster(ConversationId conversation) {
        rosters.forget(conversation);
    }

    /** The conversation, whoever asks. */
    public Optional<Conversation> find(ConversationId conversation) {
        return postgres.with(db -> {
                    var members = firstMembers(db, List.of(conversation)).getOrDefault(conversation, List.of());
                    return db.createQuery(FIND)
                            .bind("conversation", conversation.value())
                            .map((row, context) -> Rows.conversation(row, members))
                            .findOne();
                })
                .map(found -> found.withHead(heads.ahead(List.of(conversation)).get(conversation)));
    }

    /** The conversation with the person's own membership; empty unless the person is a member now. */
    public Optional<Membership> find(ConversationId conversation, UserId user) {
        return postgres.with(db -> {
                    var members = firstMembers(db, List.of(conversation)).getOrDefault(conversation, List.of());
                    return db.createQuery(FIND_MINE)
                            .bind("conversation", conversation.value())
                            .bind("user", user.value())
                            .map((row, context) -> new Membership(
                                    Rows.conversation(row, members),
                                    Rows.instant(row, "updated_at"),
                                    Rows.memberState(row),
                                    Rows.notifications(row)))
                            .findOne()
                            .filter(membership -> membership.me().left() == null);
                })
                .map(found -> found.withHead(heads.ahead(List.of(conversation)).get(conversation)));
    }

    /** The person's membership now; empty for who is no member. What answers "may this person read here?". */
    public Optional<Member> member(ConversationId conversation, UserId user) {
        return memberState(conversation, user)
                .filter(state -> state.left() == null)
                .map(MemberState::member);
    }

    /** The last state of the person's membership, over or not; empty for who never was a member. */
    public Optional<MemberState> memberState(ConversationId conversation, UserId user) {
        return postgres.with(db -> db.createQuery(MEMBER_STATE)
                .bind("conversation", conversation.value())
                .bind("user", user.value())
                .map((row, context) -> Rows.memberState(row))
                .findOne());
    }

    /**
     * The conversation's members, longest first.
     *
     * @param after null for the first page
     * @param limit at most {@link #LIMIT_MAX} and one more
     */
    public List<Member> members(ConversationId conversation, @Nullable MemberPosition after, int limit) {
        return postgres.with(db -> db.createQuery(MEMBERS)
                .bind("conversation", conversation.value())
                .bind("joinedAt", Rows.time(after == null ? Instant.EPOCH : after.joinedAt()))
                .bind("user", after == null ? 0 : after.user().value())
                .bind("limit", limit)
                .map((row, context) -> Rows.member(row))
                .list());
    }

    /** Those of {@code users} who are members now, longest first. */
    public List<Member> membersAmong(ConversationId conversation, Collection<UserId> users) {
        return postgres.with(
                db -> List.copyOf(membersAmong(db, conversation, users).values()));
    }

    /** What a stream of {@code user} that is rebuilt from {@code since} has to know; of each kind not more than shows that it is too much to tell. In one snapshot. */
    public MembershipsSince since(UserId user, Instant since) {
        var known = postgres.with(db -> db.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, snapshot -> {
            var memberships = snapshot.createQuery(MEMBERSHIPS_SINCE)
                    .bind("user", user.value())
                    .bind("since", Rows.time(since))
                    .map((row, context) -> membership(row))
                    .list();
            var changed = memberships.stream()
                    .filter(membership -> !membership.updatedAt().isBefore(since))
                    .toList();
            var complete = new HashMap<ConversationId, Membership>();
            for (var membership : withMembers(snapshot, changed)) {
                complete.put(membership.conversation().id(), membership);
            }
            var changes = snapshot.createQuery(MEMBERS_SINCE)
                    .bind("user", user.value())
                    .bind("since", Rows.time(since))
                    .map((row, context) -> Rows.memberState(row))
                    .list();
            memberships.replaceAll(membership ->
                    complete.getOrDefault(membership.conversation().id(), membership));
            return new MembershipsSince(List.copyOf(memberships), changes, marksSince(snapshot, user, since));
        }));
        return new MembershipsSince(withHeads(known.memberships()), known.changes(), known.marks());
    }

    private List<Membership> withHeads(List<Membership> memberships) {
        var ahead = heads.ahead(
                memberships.stream().map(each -> each.conversation().id()).toList());
        return memberships.stream()
                .map(each -> each.withHead(ahead.get(each.conversation().id())))
                .toList();
    }

    /** The oldest messages that did not expire, of those of these conversations where any did. */
    public Map<ConversationId, Long> firstSeqs(Collection<ConversationId> conversations) {
        var firsts = new HashMap<ConversationId, Long>();
        postgres.with(db -> db.createQuery(FIRST_SEQS)
                        .bind("conversations", Rows.ids(conversations, ConversationId::value))
                        .map((row, context) ->
                                Map.entry(new ConversationId(row.getLong("id")), row.getLong("first_seq")))
                        .list())
                .forEach(first -> firsts.put(first.getKey(), first.getValue()));
        return firsts;
    }

    /** How far the person's conversations reach, last active first. */
    public List<Head> recentHeads(UserId user, int limit) {
        var known = postgres.with(db -> db.createQuery(HEADS)
                .bind("user", user.value())
                .bind("limit", limit)
                .map((row, context) -> new Head(new ConversationId(row.getLong("id")), row.getLong("last_seq")))
                .list());
        var ahead = heads.ahead(known.stream().map(Head::conversation).toList());
        return known.stream()
                .map(head -> {
                    var newer = ahead.get(head.conversation());
                    return newer == null
                            ? head
                            : new Head(head.conversation(), Math.max(head.lastSeq(), newer.lastSeq()));
                })
                .toList();
    }

    private static List<MembersMarks> marksSince(Handle db, UserId user, Instant since) {
        return db.createQuery(MARKS_SINCE)
                .bind("user", user.value())
                .bind("since", Rows.time(since))
                .map((row, context) -> new MembersMarks(
                        new ConversationId(row.getLong("conversation_id")),
                        new UserId(row.getLong("user_id")),
                        row.getLong("read_seq"),
                        row.getLong("delivered_seq"),
                        Rows.instant(row, "marks_changed_at")))
                .list();
    }

    static Map<UserId, Member> membersAmong(Handle db, ConversationId conversation, Collection<UserId> users) {
        var members = new LinkedHashMap<UserId, Member>();
        db.createQuery(MEMBERS_AMONG)
                .bind("conversation", conversation.value())
                .bind("users", Rows.ids(users, UserId::value))
                .map((row, context) -> Rows.member(row))
                .forEach(member -> members.put(member.user(), member));
        return members;
    }

    static Membership membership(ResultSet row) throws SQLException {
        return new Membership(
                Rows.conversation(row, List.of()),
                Rows.instant(row, "updated_at"),
                Rows.memberState(row),
                Rows.notifications(row));
    }

    /** Fills in the members to be shown, by one statement for all. */
    static List<Membership> withMembers(Handle db, List<Membership> memberships) {
        var ids = memberships.stream().map(each -> each.conversation().id()).toList();
        var members = firstMembers(db, ids);
        return memberships.stream()
                .map(each -> each.withMembers(
                        members.getOrDefault(each.conversation().id(), List.of())))
                .toList();
    }

    private static Map<ConversationId, List<Member>> firstMembers(Handle db, Collection<ConversationId> conversations) {
        if (conversations.isEmpty()) {
            return Map.of();
        }
        return db
                .createQuery(FIRST_MEMBERS)
                .bind("conversations", Rows.ids(conversations, ConversationId::value))
                .bind("limit", MEMBERS_SHOWN)
                .map((row, context) -> Rows.member(row))
                .stream()
                .collect(Collectors.groupingBy(Member::conversation));
    }
}
