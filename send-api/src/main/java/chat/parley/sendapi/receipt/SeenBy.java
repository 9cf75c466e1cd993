package chat.parley.sendapi.receipt;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Conversations.MemberPosition;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.receipt.Receipts;
import chat.parley.receipt.Receipts.Counts;
import chat.parley.receipt.Receipts.Receiver;
import chat.parley.receipt.Receipts.Subject;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who has received and read a message, told from marks to any member who may see the message. */
public final class SeenBy {
    private final Conversations conversations;
    private final MessageStore messages;
    private final Receipts receipts;

    /** All are closed by the caller. */
    public SeenBy(Conversations conversations, MessageStore messages, Receipts receipts) {
        this.conversations = conversations;
        this.messages = messages;
        this.receipts = receipts;
    }

    /**
     * A part of those who received it.
     *
     * @param counts of all of them
     * @param more whether there are others after it
     */
    record Page(Counts counts, List<Receiver> items, boolean more) {}

    /** A page; empty when there is no such message that {@code asker} may see. */
    Optional<Page> page(
            ConversationId conversation, UserId asker, long seq, @Nullable MemberPosition after, int limit) {
        return conversations
                .member(conversation, asker)
                .filter(member -> seq >= member.joinedSeq())
                .flatMap(member -> messages.find(conversation, seq))
                .map(message -> {
                    var subject = new Subject(conversation, seq, message.sender());
                    var found = receipts.receivers(subject, after, limit + 1);
                    boolean more = found.size() > limit;
                    return new Page(receipts.counts(subject), more ? found.subList(0, limit) : found, more);
                });
    }
}
