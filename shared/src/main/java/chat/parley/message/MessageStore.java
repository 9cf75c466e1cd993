package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Message history. Safe for use by many threads. Every method throws {@link StoreUnavailable} when the outcome is unknown.
 */
public interface MessageStore extends MessageHeads, AutoCloseable {
    /** Most messages one read answers: a page of 200, and the one that shows that there are more. */
    int LIMIT_MAX = 201;

    /** Most messages {@link #since} answers: one more than a rebuilt stream replays, so that "too many" shows. */
    int SINCE_LIMIT_MAX = 10_001;

    /** Most messages {@link #removeBefore} removes at once: their conversation waits meanwhile. */
    int REMOVE_LIMIT_MAX = 1_000;

    /** Most kinds of reactions on one message: more is a wall that no screen shows. */
    int REACTION_KINDS_MAX = 50;

    /** Longest wait for the result of an append: the client still listens then, and may repeat the send under its key. */
    Duration RESULT_LIMIT = Duration.ofSeconds(5);

    /**
     * Stores one message and returns when it is durable. Gives it the next seq of its conversation, without holes, and a time not before that of the
     * message before. Repeating the same (conversation, sender, client message id) changes nothing, so a caller may repeat
     * after any failure. Stores nothing unless the conversation's members are still at {@link NewMessage#membersVersion}; that a message is
     * stored already is found out first.
     *
     * <p>Returns at once and completes {@code result}, exceptionally with {@link StoreUnavailable} when the outcome is unknown. The results of one
     * conversation complete one after another in the order of seq, on a thread of the store's: what was chained to them before the call is run in that
     * order, must be short and must not block. Who gives up completes the result, so that the store need not begin.
     */
    void submit(NewMessage message, CompletableFuture<AppendOutcome> result);

    /** {@link #submit}, waiting for the result. */
    default AppendOutcome append(NewMessage message) {
        var result = new CompletableFuture<AppendOutcome>();
        submit(message, result);
        return result(result);
    }

    /**
     * Waits for {@code pending}, which ends with the result of {@link #submit}, at most {@link #RESULT_LIMIT}.
     *
     * @throws StoreUnavailable when the outcome is unknown
     */
    static <T> T result(CompletableFuture<T> pending) {
        try {
            return pending.get(RESULT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new StoreUnavailable("messages", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("messages", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        }
    }

    /**
     * Changes a message that is there and returns when it is durable. Changes of a conversation happen one after another; each that does something moves
     * the message's version by one and gets a time of its own, later than that of every message and change before. Repeating a change is
     * {@code Unchanged}, so a caller may repeat after any failure.
     */
    MessageChangeOutcome change(MessageChange change);

    /**
     * One step of erasing a person from a conversation: at most {@code limit} messages of theirs keep their place and say nothing any more, as deleted ones, and
     * lose also the sender's own name for them and their reactions; when none is left, reactions of theirs to messages of others are taken
     * back. Notices of ours stay. Each message's version moves by one, and it stays remembered that its readers are to be told (an outbox row, an intent); nothing is
     * published here. May be repeated after any failure.
     *
     * @param since when the erasure was asked for: no change of it is earlier, whatever this node's clock says
     * @param limit 1 to {@link #LIMIT_MAX}
     * @return how many messages were changed; 0 when nothing is left
     */
    int erase(ConversationId conversation, UserId person, Instant since, int limit);

    /** What this person sent in a conversation, with {@code seq > after}, lowest first, at most {@code limit} (1 to {@link #LIMIT_MAX}). */
    List<Message> sentBy(UserId sender, ConversationId conversation, long after, int limit);

    /**
     * What this person reacted to, by conversation and message.
     *
     * @param after null for the first page
     * @param limit 1 to {@link #LIMIT_MAX}
     */
    List<OwnReaction> reactionsOf(UserId person, @Nullable OwnReaction after, int limit);

    /** Messages with {@code seq < before}, highest first, at most {@code limit} (1 to {@link #LIMIT_MAX}). */
    List<Message> before(ConversationId conversation, long before, int limit);

    /** Messages with {@code seq > after}, lowest first, at most {@code limit} (1 to {@link #LIMIT_MAX}). */
    List<Message> after(ConversationId conversation, long after, int limit);

    /** One message. */
    Optional<Message> find(ConversationId conversation, long seq);

    /** Those of the named messages that exist, in one round trip a conversation at most; for cutting replays out of history. */
    List<Message> findAll(ConversationId conversation, Collection<Long> seqs);

    /**
     * Messages stored at {@code since} or later with {@code seq >= first}, lowest seq first, at most {@code limit}
     * (1 to {@link #SINCE_LIMIT_MAX}): where there are more, the newest ones. Reads no more than it answers and one page.
     */
    List<Message> since(ConversationId conversation, long first, Instant since, int limit);

    /**
     * Messages of these conversations stored before {@code since} and changed at {@code since} or later, first changed first, at most {@code limit}
     * (1 to {@link #SINCE_LIMIT_MAX}).
     */
    List<ChangedMessage> changedSince(Collection<ConversationId> conversations, Instant since, int limit);

    /** What the message said before and says now, oldest first; empty for what does not exist or is deleted. */
    List<MessageVersion> versions(ConversationId conversation, long seq);

    /**
     * Who reacted to a message, by emoji and person.
     *
     * @param after null for the first page
     * @param limit 1 to {@link #LIMIT_MAX}
     */
    List<Reaction> reactions(ConversationId conversation, long seq, @Nullable ReactionPosition after, int limit);

    /** A place in the list of reactions: after this person's. */
    record ReactionPosition(String emoji, UserId user) {}

    /**
     * Conversations with messages stored or changed at {@code since} or later, by id, those after {@code after}, at most {@code limit}. May look at every
     * conversation there is: for repairs, not for requests.
     */
    List<ConversationId> activeSince(Instant since, ConversationId after, int limit);

    /**
     * Removes messages with {@code seq < before}, lowest first, at most {@code limit} (1 to {@link #REMOVE_LIMIT_MAX}), for good: with what they said before and with
     * their reactions. Answers how many there were; fewer than {@code limit} when none is left. Other messages keep their seqs, and the next one gets the next.
     */
    int removeBefore(ConversationId conversation, long before, int limit);

    /** These are published, once for each message and change: what kept them remembered goes away soon. Returns at once. */
    void published(Collection<Reminder> reminders);

    /**
     * Where at {@code now} something may be stored that nobody is about to publish any more, other than what rows of the outbox tell; at most {@code limit}, oldest
     * first. For a relay, which calls {@link #complete} for a conversation, publishes what was stored and changed there, and then {@link #settle}.
     */
    List<Overdue> overdue(Instant now, int limit);

    /** All that was stored in a conversation at {@code since} or later may be unpublished. */
    record Overdue(ConversationId conversation, Instant since, Reminder reminder) {}

    /**
     * Brings to its end what was begun in a conversation at {@code since} or later by whoever is gone: afterwards it is stored and can be read, or never will be.
     *
     * @return false where that must wait a little
     */
    boolean complete(ConversationId conversation, Instant since);

    /** All that these tell of is published. */
    void settle(Collection<Overdue> overdue);

    /** Ends what the store runs; appends under way are finished first. */
    @Override
    void close();
}
