package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.ConversationList;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Conversations.ListPosition;
import chat.parley.conversation.Member;
import chat.parley.conversation.Membership;
import chat.parley.conversation.Roster;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.conversation.CreateConversation.Result;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.Idempotency.Reservation;
import chat.parley.sendapi.idempotency.Reply;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /v1/conversations} and {@code /v1/conversations/{conversation}}. */
public final class ConversationRoutes {
    private static final int PAGE_DEFAULT = 50;

    /** Longest name of a type, with room for a wrong one. */
    private static final int TYPE_TEXT_MAX = 20;

    private final Conversations conversations;
    private final ConversationList list;
    private final MessageStore messages;
    private final CreateConversation create;
    private final ChangeConversation change;
    private final Idempotency idempotency;

    /** @param messages for the last message of each conversation */
    public ConversationRoutes(
            Conversations conversations,
            ConversationList list,
            MessageStore messages,
            CreateConversation create,
            ChangeConversation change,
            Idempotency idempotency) {
        this.conversations = conversations;
        this.list = list;
        this.messages = messages;
        this.create = create;
        this.change = change;
        this.idempotency = idempotency;
    }

    /** {@code POST /v1/conversations}: 201 with a new one, 200 with the pair's one that there is. */
    public void create(Context http) {
        var caller = Edge.caller(http).user();
        var body = Body.of(http);
        String type = body.text("type", 1, TYPE_TEXT_MAX);
        switch (type) {
            case "direct" -> {
                var other = ConversationRequests.userId(body, "user_id");
                if (other.equals(caller)) {
                    body.complain("user_id", "yourself");
                }
                body.done();
                idempotency.answer(http, body.bytes(), reservation -> direct(reservation, caller, other));
            }
            case "group" -> {
                String name = ConversationRequests.name(body);
                var members = ConversationRequests.userIds(body, "member_ids", Roster.MEMBERS_MAX);
                body.done();
                idempotency.answer(http, body.bytes(), reservation -> group(reservation, caller, name, members));
            }
            default -> {
                // Their values cannot be judged without a type, but they are no unknown fields.
                List.of("user_id", "name", "member_ids").forEach(body::ignore);
                if (!type.isEmpty()) {
                    body.complain("type", "not_a_type");
                }
                body.done();
            }
        }
    }

    /** {@code GET /v1/conversations}: the caller's, last active first. */
    public void list(Context http) {
        var caller = Edge.caller(http).user();
        int limit = Query.limit(http, PAGE_DEFAULT, ConversationList.LIMIT_MAX);
        var after = PageCursor.of(http);
        var found = list.page(caller, after == null ? null : after.inList(), limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var entry : page) {
                ConversationJson.writeFor(entry.membership(), entry.last(), json);
            }
            json.writeEndArray();
            if (more) {
                var last = page.getLast().membership().conversation();
                var position = new ListPosition(last.lastAt(), last.id());
                json.writeStringField("after", PageCursor.after(position).toString());
            }
            json.writeEndObject();
        });
    }

    /** {@code GET /v1/conversations/{conversation}}. */
    public void get(Context http) {
        var caller = Edge.caller(http).user();
        var membership = find(ConversationRequests.conversation(http), caller);
        Answer.json(http, 200, json(membership));
    }

    /** {@code PATCH /v1/conversations/{conversation}}: a new name. */
    public void rename(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var body = Body.of(http);
        String name = ConversationRequests.name(body);
        body.done();
        ChangeAnswers.refuse(change.rename(conversation, caller, name));
        Answer.json(http, 200, json(find(conversation, caller)));
    }

    private Reply direct(Reservation reservation, UserId caller, UserId other) {
        return reply(create.direct(reservation, caller, other), "user_id", null);
    }

    private Reply group(Reservation reservation, UserId caller, String name, Set<UserId> members) {
        boolean full = members.size() + (members.contains(caller) ? 0 : 1) > Roster.MEMBERS_MAX;
        if (full) {
            throw new ProblemException(Fault.GROUP_FULL);
        }
        return reply(create.group(reservation, caller, name, members), "member_ids", members);
    }

    /** @param list the list in which unknown people stood; null where it was one field */
    private Reply reply(Result result, String field, @Nullable Set<UserId> list) {
        return switch (result) {
            case Result.Made made -> new Reply(201, JsonText.bytes(json(made.membership())));
            case Result.Existed existed -> new Reply(200, JsonText.bytes(json(existed.membership())));
            case Result.Left left -> throw new ProblemException(Fault.NOT_FOUND);
            case Result.UnknownUsers unknown ->
                throw list == null
                        ? ProblemException.field("/" + field, "unknown_user")
                        : ConversationRequests.unknownUsers(field, list, unknown.users());
        };
    }

    private Membership find(ConversationId conversation, UserId caller) {
        return conversations.find(conversation, caller).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
    }

    private JsonText.Writer json(Membership membership) {
        var newest = newest(List.of(membership));
        return json -> write(membership, newest, json);
    }

    private Map<ConversationId, Message> newest(List<Membership> memberships) {
        var spoken = memberships.stream()
                .map(Membership::conversation)
                .filter(conversation -> conversation.lastSeq() > 0)
                .map(Conversation::id)
                .toList();
        return spoken.isEmpty() ? Map.of() : messages.newest(spoken);
    }

    private static void write(Membership membership, Map<ConversationId, Message> newest, JsonGenerator json)
            throws IOException {
        Member me = membership.me().member();
        var conversation = membership.conversation();
        var last = newest.get(conversation.id());
        boolean visible = last != null && last.seq() >= me.joinedSeq();
        ConversationJson.writeFor(membership, visible ? last : null, json);
    }
}
