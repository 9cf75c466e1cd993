package chat.parley.sendapi.conversation;

import chat.parley.conversation.Permission;
import chat.parley.message.Message;
import chat.parley.message.MessageJson;
import chat.parley.message.MessageStore;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code /v1/conversations/{conversation}/pins}. */
public final class PinRoutes {
    private final MessageStore messages;
    private final Permissions permissions;
    private final ChangeConversation change;

    /** @param messages for what is pinned */
    public PinRoutes(MessageStore messages, Permissions permissions, ChangeConversation change) {
        this.messages = messages;
        this.permissions = permissions;
        this.change = change;
    }

    /** {@code PUT .../pins/{seq}}. */
    public void pin(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(change.pin(conversation, caller, ConversationRequests.seq(http)));
        http.status(204);
    }

    /** {@code DELETE .../pins/{seq}}. */
    public void unpin(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(change.unpin(conversation, caller, ConversationRequests.seq(http)));
        http.status(204);
    }

    /** {@code GET .../pins}: the messages, as they are now, those that the caller sees, newest pin first. */
    public void list(Context http) {
        var conversation = ConversationRequests.conversation(http);
        var mine = permissions.check(conversation, Edge.caller(http).user(), Permission.READ);
        long first = mine.me().member().joinedSeq();
        var seqs = mine.conversation().pinnedSeqs().stream()
                .filter(seq -> seq >= first)
                .toList();
        var found = messages.findAll(conversation, seqs).stream()
                .collect(Collectors.toMap(Message::seq, Function.identity()));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (long seq : seqs) {
                var message = found.get(seq);
                if (message != null) {
                    MessageJson.write(message, json);
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }
}
