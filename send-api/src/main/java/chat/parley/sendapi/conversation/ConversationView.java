package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Membership;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Conversations as one member sees them: with the newest message, where it is visible, and what is the member's own. */
public final class ConversationView {
    private final Conversations conversations;
    private final MessageStore messages;

    /** @param messages for the last message of each conversation */
    public ConversationView(Conversations conversations, MessageStore messages) {
        this.conversations = conversations;
        this.messages = messages;
    }

    /** The JSON of a conversation that {@code member} must be a member of. */
    JsonText.Writer of(ConversationId conversation, UserId member) {
        return of(conversations.find(conversation, member).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND)));
    }

    /** The JSON of one. */
    JsonText.Writer of(Membership membership) {
        var newest = newest(List.of(membership));
        return json -> write(membership, newest, json);
    }

    /** The newest messages of these, for {@link #write}. */
    Map<ConversationId, Message> newest(Collection<Membership> memberships) {
        var spoken = memberships.stream()
                .map(Membership::conversation)
                .filter(conversation -> conversation.lastSeq() > 0)
                .map(Conversation::id)
                .toList();
        return spoken.isEmpty() ? Map.of() : messages.newest(spoken);
    }

    /** Writes one of many. */
    static void write(Membership membership, Map<ConversationId, Message> newest, JsonGenerator json)
            throws IOException {
        var last = newest.get(membership.conversation().id());
        boolean visible = last != null && last.seq() >= membership.me().member().joinedSeq();
        ConversationJson.writeFor(membership, visible ? last : null, json);
    }
}
