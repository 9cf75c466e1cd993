package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The rows of conversations, for a store of messages that is another one: where members are versioned, and where it is noted how far messages reach and what they carry. */
public interface RosterVersions {
    /** The version of a conversation's members; empty where there is no such conversation. */
    OptionalLong of(ConversationId conversation);

    /** Runs {@code work} with the version while no change of members can happen; not at all where there is no such conversation. */
    void hold(ConversationId conversation, LongConsumer work);

    /**
     * What is new of a conversation.
     *
     * @param head null where no message came
     * @param changedAt when messages changed last; null where none did
     * @param senders who sent has read up to there
     */
    record Moved(
            ConversationId conversation,
            @Nullable MessageHead head,
            @Nullable Instant changedAt,
            Map<UserId, Long> senders) {}

    /** Notes what is new in the rows, which only ever grow; answers the conversations whose rows are held by somebody else: to be noted again. */
    default Set<ConversationId> note(Collection<Moved> news) {
        return Set.of();
    }

    /** These messages carry the uploaded files that their details name, by seq, and no others: what nothing uses any more may be removed. May be told again. */
    default void carry(ConversationId conversation, Map<Long, String> details) {}

    /** Messages before this one carry nothing any more. */
    default void carryNothing(ConversationId conversation, long before) {}

    /** Conversations that by the rows have messages stored or changed at {@code since} or later, by id, those after {@code after}, at most {@code limit}. */
    default List<ConversationId> activeSince(Instant since, ConversationId after, int limit) {
        return List.of();
    }
}
