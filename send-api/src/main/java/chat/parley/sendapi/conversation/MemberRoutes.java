package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Conversations.MemberPosition;
import chat.parley.conversation.Member;
import chat.parley.conversation.MemberJson;
import chat.parley.conversation.Role;
import chat.parley.conversation.Roster;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.Reply;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /v1/conversations/{conversation}/members}. */
public final class MemberRoutes {
    private static final int PAGE_DEFAULT = 100;

    private final Conversations conversations;
    private final ChangeConversation change;
    private final Idempotency idempotency;

    /** @param conversations for reading */
    public MemberRoutes(Conversations conversations, ChangeConversation change, Idempotency idempotency) {
        this.conversations = conversations;
        this.change = change;
        this.idempotency = idempotency;
    }

    /** {@code GET .../members}: those who are members now, longest first. */
    public void list(Context http) {
        var conversation = ConversationRequests.conversation(http);
        int limit = Query.limit(http, PAGE_DEFAULT, Conversations.LIMIT_MAX);
        var after = PageCursor.of(http);
        mustBeMember(conversation, Edge.caller(http).user());
        var found = conversations.members(conversation, after == null ? null : after.inMembers(), limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        Answer.json(http, 200, json -> write(page, more ? page.getLast() : null, json));
    }

    /** {@code POST .../members}: adds people; answers the members among them, also those who were there. */
    public void add(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var body = Body.of(http);
        var users = ConversationRequests.userIds(body, "user_ids", Roster.BATCH_MAX);
        if (users.isEmpty()) {
            body.complain("user_ids", "required");
        }
        Role role = ConversationRequests.role(body, Role.MEMBER);
        body.done();
        idempotency.answer(http, body.bytes(), reservation -> add(conversation, caller, users, role));
    }

    /** {@code PATCH .../members/{user}}: another role. */
    public void setRole(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var user = ConversationRequests.user(http, caller);
        var body = Body.of(http);
        if (!body.has("role")) {
            body.complain("role", "required");
        }
        Role role = ConversationRequests.role(body, Role.MEMBER);
        body.done();
        ChangeAnswers.refuse(change.setRole(conversation, caller, user, role));
        var member = conversations.member(conversation, user).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> MemberJson.write(member, json));
    }

    /** {@code DELETE .../members/{user}}: removes; {@code me} leaves. */
    public void remove(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(change.remove(conversation, caller, ConversationRequests.user(http, caller)));
        http.status(204);
    }

    private Reply add(ConversationId conversation, UserId caller, Set<UserId> users, Role role) {
        // First of all: whoever is no member must not learn by the answer who exists.
        mustBeMember(conversation, caller);
        var unknown = change.unknown(users);
        if (!unknown.isEmpty()) {
            throw ConversationRequests.unknownUsers("user_ids", users, unknown);
        }
        ChangeAnswers.refuse(change.add(conversation, caller, users, role));
        var members = conversations.membersAmong(conversation, users);
        return new Reply(200, JsonText.bytes(json -> write(members, null, json)));
    }

    private void mustBeMember(ConversationId conversation, UserId caller) {
        if (conversations.member(conversation, caller).isEmpty()) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    private static void write(List<Member> members, @Nullable Member pageEnd, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("items");
        for (var member : members) {
            MemberJson.write(member, json);
        }
        json.writeEndArray();
        if (pageEnd != null) {
            var position = new MemberPosition(pageEnd.joinedAt(), pageEnd.user());
            json.writeStringField("after", PageCursor.after(position).toString());
        }
        json.writeEndObject();
    }
}
