package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.PublicChannels;
import chat.parley.conversation.PublicChannels.Found;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import io.javalin.http.Context;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Public channels, for those who are not in them yet. */
public final class ChannelRoutes {
    private static final int PAGE_DEFAULT = 50;

    private final PublicChannels channels;
    private final ConversationView view;
    private final ChangeConversation change;

    /** Serves these. */
    public ChannelRoutes(PublicChannels channels, ConversationView view, ChangeConversation change) {
        this.channels = channels;
        this.view = view;
        this.change = change;
    }

    /** {@code GET /v1/conversations?public=1}: by name; {@code me} stands where the caller is a member. */
    void list(Context http) {
        var caller = Edge.caller(http).user();
        int limit = Query.limit(http, PAGE_DEFAULT, Conversations.LIMIT_MAX);
        var after = ChannelCursor.of(http);
        var found = channels.search(caller, query(http), after, limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        var newest = view.newest(
                page.stream().map(Found::mine).filter(Objects::nonNull).toList());
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var each : page) {
                if (each.mine() == null) {
                    ConversationJson.writeFromOutside(each.channel(), json);
                } else {
                    ConversationView.write(each.mine(), newest, json);
                }
            }
            json.writeEndArray();
            if (more) {
                json.writeStringField(
                        "after", ChannelCursor.after(page.getLast().channel()));
            }
            json.writeEndObject();
        });
    }

    /** The channel that {@code caller} could join. */
    Optional<Conversation> find(ConversationId conversation, UserId caller) {
        return channels.find(conversation, caller);
    }

    /** {@code POST /v1/conversations/{conversation}/join}: the channel, also for who is in it. */
    public void join(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(change.join(conversation, caller));
        Answer.json(http, 200, view.of(conversation, caller));
    }

    private static @Nullable String query(Context http) {
        String query = http.queryParam("query");
        if (query == null || query.isEmpty()) {
            return null;
        }
        if (query.codePointCount(0, query.length()) > ConversationRequests.NAME_MAX) {
            throw ProblemException.field("query", "too_long");
        }
        return query;
    }
}
