package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.ops.StoreUnavailable;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Message history. Safe for use by many threads. Every method throws {@link StoreUnavailable} when the outcome is unknown.
 */
public interface MessageStore extends AutoCloseable {
    /** Most messages one read answers. */
    int LIMIT_MAX = 200;

    /**
     * Stores one message and returns when it is durable. Gives it the next seq of its conversation, without holes, and a time not before that of the
     * message before. Repeating the same (conversation, sender, client message id) changes nothing, so a caller may repeat
     * after any failure. Stores nothing unless the conversation's members are still at {@link NewMessage#membersVersion}.
     */
    AppendOutcome append(NewMessage message);

    /** Messages with {@code seq < before}, highest first, at most {@code limit} (1 to {@link #LIMIT_MAX}). */
    List<Message> before(ConversationId conversation, long before, int limit);

    /** Messages with {@code seq > after}, lowest first, at most {@code limit} (1 to {@link #LIMIT_MAX}). */
    List<Message> after(ConversationId conversation, long after, int limit);

    /** One message. */
    Optional<Message> find(ConversationId conversation, long seq);

    /** Those of the named messages that exist, in one round trip a conversation at most; for cutting replays out of history. */
    List<Message> findAll(ConversationId conversation, Collection<Long> seqs);

    /** The newest message of each of these conversations (at most 1,000) that has one. */
    Map<ConversationId, Message> newest(Collection<ConversationId> conversations);

    /**
     * Messages stored at {@code since} or later with {@code seq >= first}, lowest seq first, at most {@code limit}
     * (1 to 10,001): where there are more, the newest ones. Reads no more than it answers and one page.
     */
    List<Message> since(ConversationId conversation, long first, Instant since, int limit);

    /** Ends what the store runs; appends under way are finished first. */
    @Override
    void close();
}
