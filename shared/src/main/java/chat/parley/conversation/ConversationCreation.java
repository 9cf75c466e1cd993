package chat.parley.conversation;

import chat.parley.conversation.CreateOutcome.Blocked;
import chat.parley.conversation.CreateOutcome.Created;
import chat.parley.conversation.CreateOutcome.Existed;
import chat.parley.conversation.CreateOutcome.IdTaken;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import chat.parley.postgres.Postgres;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/**
 * Makes conversations, each in one transaction with its members and the outbox row that keeps it remembered until it is published. Safe for use
 * by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may then be repeated with
 * the same id without making a second conversation.
 */
public final class ConversationCreation {
    private static final String CREATE_DIRECT = """
            INSERT INTO conversation (id, type, direct_low, direct_high, created_by, created_at, updated_at, changed_at, last_at, member_count)
            VALUES (:id, 'direct', :low, :high, :creator, :at, :at, :at, :at, 2)
            ON CONFLICT DO NOTHING
            """;

    private static final String CREATE = """
            INSERT INTO conversation (id, type, name, topic, public, posting, history, search_name, search_words,
                created_by, created_at, updated_at, changed_at, last_at, member_count, large)
            VALUES (:id, :type, :name, :topic, :public, :posting, :history, :searchName, array_to_tsvector(CAST(:searchWords AS text[])),
                :creator, :at, :at, :at, :at, :members, :large)
            ON CONFLICT DO NOTHING
            """;

    private static final String ADD_MEMBERS = """
            INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
            SELECT :conversation, joiner.id, CASE WHEN joiner.id = :creator THEN :creatorRole ELSE 'member' END, :at, 1, :at
            FROM unnest(:users) AS joiner (id)
            """;

    private static final String FIND_DIRECT = """
            SELECT id FROM conversation WHERE direct_low = :low AND direct_high = :high
            """;

    private static final String FIND_OWN = """
            SELECT id FROM conversation WHERE id = :id AND type = :type AND created_by = :creator
            """;

    private final Postgres postgres;
    private final InstantSource clock;
    private final GroupSizes sizes;

    /** With the sizes that groups have by default. */
    public ConversationCreation(Postgres postgres, InstantSource clock) {
        this(postgres, clock, GroupSizes.DEFAULT);
    }

    /** @param clock never goes back, see {@code MonotonicClock} */
    public ConversationCreation(Postgres postgres, InstantSource clock, GroupSizes sizes) {
        this.postgres = postgres;
        this.clock = clock;
        this.sizes = sizes;
    }

    /**
     * Makes the one conversation of two people, or answers the one there is; also when both ask at once.
     *
     * @param id for the conversation, if it has to be made
     * @param other someone else, known to exist
     */
    public CreateOutcome direct(ConversationId id, UserId creator, UserId other) {
        var pair = DirectPair.of(creator, other);
        return postgres.inTransaction(db -> {
            pair.lock(db);
            if (pair.isBlocked(db)) {
                return findDirect(db, pair).<CreateOutcome>map(Existed::new).orElseGet(Blocked::new);
            }
            var at = clock.instant();
            // Waits for another transaction that is making it, and then sees what that one made.
            int made = db.createUpdate(CREATE_DIRECT)
                    .bind("id", id.value())
                    .bind("low", pair.low())
                    .bind("high", pair.high())
                    .bind("creator", creator.value())
                    .bind("at", Rows.time(at))
                    .execute();
            if (made == 0) {
                return findDirect(db, pair).<CreateOutcome>map(Existed::new).orElseGet(IdTaken::new);
            }
            var draft = Conversation.fresh(id, Conversation.Type.DIRECT, ConversationSettings.DIRECT, at, 2);
            return populate(db, draft, creator, List.of(creator, other));
        });
    }

    /** What a group or channel begins as. */
    public record Wish(Conversation.Type type, ConversationSettings settings) {
        /** Only these can be wished for: a direct conversation is what it is. */
        public Wish {
            if (type == Conversation.Type.DIRECT) {
                throw new IllegalArgumentException("see direct()");
            }
        }

        /** A group of this name. */
        public static Wish group(String name) {
            return new Wish(Conversation.Type.GROUP, ConversationSettings.group(name));
        }
    }

    /**
     * Makes a group or channel with {@code creator} as owner.
     *
     * @param id for it. If an earlier attempt of the same creator made one of this type under it, that one is answered.
     * @param others known to exist; at most {@link Roster#BATCH_MAX} - 1 besides the creator
     */
    public CreateOutcome create(ConversationId id, UserId creator, Wish wish, Collection<UserId> others) {
        var users = new TreeSet<>(others);
        users.add(creator);
        if (users.size() > Roster.BATCH_MAX) {
            throw new IllegalArgumentException("more members than can be added at once: " + users.size());
        }
        String type = wish.type().name().toLowerCase(Locale.ROOT);
        return postgres.inTransaction(db -> {
            var at = clock.instant();
            int made = Rows.bind(wish.settings(), db.createUpdate(CREATE))
                    .bind("id", id.value())
                    .bind("type", type)
                    .bind("creator", creator.value())
                    .bind("at", Rows.time(at))
                    .bind("members", users.size())
                    .bind("large", users.size() > sizes.largeAbove())
                    .execute();
            if (made == 0) {
                return db.createQuery(FIND_OWN)
                        .bind("id", id.value())
                        .bind("type", type)
                        .bind("creator", creator.value())
                        .mapTo(Long.class)
                        .findOne()
                        .<CreateOutcome>map(found -> new Existed(new ConversationId(found)))
                        .orElseGet(IdTaken::new);
            }
            return populate(db, Conversation.fresh(id, wish.type(), wish.settings(), at, users.size()), creator, users);
        });
    }

    private static Optional<ConversationId> findDirect(Handle db, DirectPair pair) {
        return db.createQuery(FIND_DIRECT)
                .bind("low", pair.low())
                .bind("high", pair.high())
                .map((row, context) -> new ConversationId(row.getLong("id")))
                .findOne();
    }

    private static CreateOutcome populate(Handle db, Conversation draft, UserId creator, Collection<UserId> users) {
        var creatorRole = draft.type() == Conversation.Type.DIRECT ? Role.MEMBER : Role.OWNER;
        Instant at = draft.createdAt();
        db.createUpdate(ADD_MEMBERS)
                .bind("conversation", draft.id().value())
                .bind("users", Rows.ids(users, UserId::value))
                .bind("creator", creator.value())
                .bind("creatorRole", creatorRole.text())
                .bind("at", Rows.time(at))
                .execute();
        var shown = new ArrayList<Member>();
        for (UserId user : new TreeSet<>(users)) {
            if (shown.size() == Conversations.MEMBERS_SHOWN) {
                break;
            }
            shown.add(new Member(draft.id(), user, user.equals(creator) ? creatorRole : Role.MEMBER, at, 1));
        }
        long outboxId = Outbox.add(db, draft.id(), OutboxKind.CONVERSATION_CREATED, creator.value(), creator, at);
        var conversation = draft.withMembers(List.copyOf(shown));
        return new Created(conversation, new Member(draft.id(), creator, creatorRole, at, 1), outboxId);
    }
}
