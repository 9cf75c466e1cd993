package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.ChannelsOnly;
import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.conversation.ChangeOutcome.TooManyPins;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.conversation.ChangeOutcome.Updated;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.OutboxKind;
import chat.parley.postgres.Postgres;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Changes what a conversation's object says of itself: settings and pins; and ends conversations. Each change is one transaction, see
 * {@link Changes}.
 *
 * <p>Nothing here is published; the outbox row written with each change keeps it remembered until it is. Safe for use by many threads; every
 * method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated: what is already so is
 * {@link Unchanged}.
 */
public final class SettingsChanges {
    /** Most pinned messages: as many as a person looks through. They stand in the object of the conversation. */
    public static final int PINS_MAX = 50;

    private static final String SET = """
            UPDATE conversation
            SET name = :name, topic = :topic, public = :public, posting = :posting, history = :history,
                retention_seconds = :retention, search_name = :searchName, search_words = array_to_tsvector(CAST(:searchWords AS text[])),
                updated_at = :at, changed_at = :at,
                members_version = members_version + CASE WHEN posting = :posting THEN 0 ELSE 1 END
            WHERE id = :conversation
            """;

    private static final String SET_PINS = """
            UPDATE conversation SET pinned_seqs = :pins, updated_at = :at, changed_at = :at WHERE id = :conversation
            """;

    private static final String HIDE = """
            UPDATE conversation SET public = false, search_name = NULL, search_words = NULL WHERE id = :conversation
            """;

    private final Changes changes;

    /**
     * {@code postgres} is closed by the caller.
     *
     * @param clock never goes back, see {@code MonotonicClock}
     */
    public SettingsChanges(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this.changes = new Changes(postgres, heads, clock);
    }

    /** Changes settings, all at once. */
    public ChangeOutcome set(ConversationId conversation, UserId actor, SettingsChange change) {
        var permission = change.isOfRetentionOnly() ? Permission.CHANGE_RETENTION : Permission.CHANGE_SETTINGS;
        return changes.byMember(conversation, actor, permission, List.of(), (locked, me, members) -> {
            if (change.isPublic() != null && locked.type() != Conversation.Type.CHANNEL) {
                return new ChannelsOnly();
            }
            var wanted = change.appliedTo(locked.settings());
            if (wanted.equals(locked.settings())) {
                return new Unchanged();
            }
            if (wanted.isPublic() != locked.settings().isPublic()
                    && !Permission.CHANGE_PUBLIC.allows(locked.type(), me.role())) {
                return new Forbidden();
            }
            if (!Objects.equals(wanted.retention(), locked.settings().retention())
                    && (!Permission.CHANGE_RETENTION.allows(locked.type(), me.role())
                            || DirectPair.isBlocked(locked.db(), conversation))) {
                return new Forbidden();
            }
            var update = locked.db().createUpdate(SET);
            var retention = wanted.retention();
            Rows.bind(wanted, update)
                    .bind("retention", retention == null ? null : retention.toSeconds())
                    .bind("conversation", conversation.value())
                    .bind("at", Rows.time(locked.at()))
                    .execute();
            if (wanted.posting() != locked.settings().posting()) {
                locked.moveMembers();
            }
            String name = wanted.name();
            var notice =
                    name == null || name.equals(locked.settings().name()) ? null : Notices.renamed(locked, actor, name);
            return updated(locked, actor, notice);
        });
    }

    /** Pins a message that {@code actor} sees; one that is pinned stays where it is. */
    public ChangeOutcome pin(ConversationId conversation, UserId actor, long seq) {
        return changePins(conversation, actor, seq, pinned -> {
            if (pinned.contains(seq)) {
                return pinned;
            }
            if (pinned.size() >= PINS_MAX) {
                return null;
            }
            var more = new ArrayList<Long>(pinned.size() + 1);
            more.add(seq);
            more.addAll(pinned);
            return more;
        });
    }

    /** Unpins a message. */
    public ChangeOutcome unpin(ConversationId conversation, UserId actor, long seq) {
        return changePins(
                conversation,
                actor,
                seq,
                pinned -> pinned.stream().filter(each -> each != seq).toList());
    }

    /** Ends the conversation: everyone leaves, and no link or search leads to it any more. */
    public ChangeOutcome delete(ConversationId conversation, UserId actor) {
        return changes.byMember(conversation, actor, Permission.DELETE, List.of(), (locked, me, members) -> {
            locked.db()
                    .createUpdate(HIDE)
                    .bind("conversation", conversation.value())
                    .execute();
            Invites.deleteAll(locked.db(), conversation);
            return MembershipWrites.everyoneLeaves(locked, actor);
        });
    }

    /** @param change answers the pins as they shall be; null where there is no room for one more */
    private ChangeOutcome changePins(
            ConversationId conversation, UserId actor, long seq, Function<List<Long>, @Nullable List<Long>> change) {
        return changes.byMember(conversation, actor, Permission.PIN, List.of(), (locked, me, members) -> {
            // No number between the two is missing: each is a message.
            if (seq < Math.max(1, me.joinedSeq()) || seq > locked.lastSeq()) {
                return new NotFound();
            }
            if (DirectPair.isBlocked(locked.db(), conversation)) {
                return new Forbidden(); // the other one would be told
            }
            var pins = change.apply(locked.pinnedSeqs());
            if (pins == null) {
                return new TooManyPins();
            }
            if (pins.equals(locked.pinnedSeqs())) {
                return new Unchanged();
            }
            locked.db()
                    .createUpdate(SET_PINS)
                    .bind("conversation", conversation.value())
                    .bind("pins", Rows.ids(pins, Long::longValue))
                    .bind("at", Rows.time(locked.at()))
                    .execute();
            return updated(locked, actor, null);
        });
    }

    private static Updated updated(LockedConversation locked, UserId actor, @Nullable Notice notice) {
        return new Updated(locked.at(), locked.remember(OutboxKind.CONVERSATION_UPDATED, actor, actor), notice);
    }
}
