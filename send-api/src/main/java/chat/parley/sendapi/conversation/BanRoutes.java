package chat.parley.sendapi.conversation;

import chat.parley.conversation.Bans;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Permission;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import io.javalin.http.Context;
import java.util.Set;

/** {@code /v1/conversations/{conversation}/bans}. */
public final class BanRoutes {
    private static final int PAGE_DEFAULT = 100;

    private final Bans bans;
    private final Permissions permissions;
    private final ChangeConversation change;

    /** @param bans for reading */
    public BanRoutes(Bans bans, Permissions permissions, ChangeConversation change) {
        this.bans = bans;
        this.permissions = permissions;
        this.change = change;
    }

    /** {@code PUT .../bans/{user}}: removes, and keeps out. */
    public void ban(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var user = ConversationRequests.user(http, caller);
        // First of all: who may not ban must not learn by the answer who exists.
        permissions.check(conversation, caller, Permission.BAN);
        if (!change.unknown(Set.of(user)).isEmpty()) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        ChangeAnswers.refuse(change.ban(conversation, caller, user));
        http.status(204);
    }

    /** {@code DELETE .../bans/{user}}: may come in again. */
    public void unban(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(change.unban(conversation, caller, ConversationRequests.user(http, caller)));
        http.status(204);
    }

    /** {@code GET .../bans}: oldest first. */
    public void list(Context http) {
        var conversation = ConversationRequests.conversation(http);
        int limit = Query.limit(http, PAGE_DEFAULT, Conversations.LIMIT_MAX);
        var after = PageCursor.of(http);
        permissions.check(conversation, Edge.caller(http).user(), Permission.BAN);
        var position = after == null ? null : new Bans.Position(after.time(), new UserId(after.id()));
        var found = bans.list(conversation, position, limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var ban : page) {
                json.writeStartObject();
                json.writeStringField("user_id", ban.user().toString());
                json.writeStringField("banned_by", ban.by().toString());
                json.writeStringField("banned_at", JsonText.time(ban.at()));
                json.writeEndObject();
            }
            json.writeEndArray();
            if (more) {
                var last = page.getLast();
                json.writeStringField(
                        "after", new PageCursor(last.at(), last.user().value()).toString());
            }
            json.writeEndObject();
        });
    }
}
