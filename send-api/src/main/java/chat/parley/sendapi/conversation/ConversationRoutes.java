package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.ConversationList;
import chat.parley.conversation.ConversationSettings;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Conversations.ListPosition;
import chat.parley.conversation.Roster;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
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
import io.javalin.http.Context;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /v1/conversations} and {@code /v1/conversations/{conversation}}. */
public final class ConversationRoutes {
    private static final int PAGE_DEFAULT = 50;

    /** Longest name of a type, with room for a wrong one. */
    private static final int TYPE_TEXT_MAX = 20;

    /** Every field of some type. */
    private static final List<String> FIELDS =
            List.of("user_id", "name", "member_ids", "topic", "public", "posting", "history");

    private final Conversations conversations;
    private final ConversationList list;
    private final ConversationView view;
    private final ChannelRoutes channels;
    private final CreateConversation create;
    private final ChangeConversation change;
    private final Idempotency idempotency;

    /** @param channels for what is found by those who are no members */
    public ConversationRoutes(
            Conversations conversations,
            ConversationList list,
            ConversationView view,
            ChannelRoutes channels,
            CreateConversation create,
            ChangeConversation change,
            Idempotency idempotency) {
        this.conversations = conversations;
        this.list = list;
        this.view = view;
        this.channels = channels;
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
            case "group", "channel" -> {
                var wish = wish(type.equals("channel") ? Conversation.Type.CHANNEL : Conversation.Type.GROUP, body);
                var members = ConversationRequests.userIds(body, "member_ids", Roster.BATCH_MAX);
                body.done();
                idempotency.answer(http, body.bytes(), reservation -> group(reservation, caller, wish, members));
            }
            default -> {
                // Their values cannot be judged without a type, but they are no unknown fields.
                FIELDS.forEach(body::ignore);
                if (!type.isEmpty()) {
                    body.complain("type", "not_a_type");
                }
                body.done();
            }
        }
    }

    private static Wish wish(Conversation.Type type, Body body) {
        String name = ConversationRequests.name(body);
        var rest = ConversationRequests.settings(body, name);
        if (rest.isPublic() != null && type != Conversation.Type.CHANNEL) {
            body.complain("public", "channels_only");
        }
        var settings = type == Conversation.Type.CHANNEL
                ? ConversationSettings.channel(name, Boolean.TRUE.equals(rest.isPublic()))
                : ConversationSettings.group(name);
        return new Wish(type, rest.appliedTo(settings));
    }

    /** {@code GET /v1/conversations}: the caller's, last active first; or public channels. */
    public void list(Context http) {
        if (Query.flag(http, "public")) {
            channels.list(http);
            return;
        }
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

    /** {@code GET /v1/conversations/{conversation}}; of a public channel also for who is no member. */
    public void get(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var membership = conversations.find(conversation, caller);
        if (membership.isPresent()) {
            Answer.json(http, 200, view.of(membership.get()));
            return;
        }
        var channel = channels.find(conversation, caller).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> ConversationJson.writeFromOutside(channel, json));
    }

    /** {@code PATCH /v1/conversations/{conversation}}: other settings. */
    public void change(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var body = Body.of(http);
        var settings = ConversationRequests.settingsChange(body);
        body.done();
        ChangeAnswers.refuse(change.set(conversation, caller, settings));
        Answer.json(http, 200, view.of(conversation, caller));
    }

    /** {@code DELETE /v1/conversations/{conversation}}: for everyone. */
    public void delete(Context http) {
        var caller = Edge.caller(http).user();
        ChangeAnswers.refuse(change.delete(ConversationRequests.conversation(http), caller));
        http.status(204);
    }

    private Reply direct(Reservation reservation, UserId caller, UserId other) {
        return reply(create.direct(reservation, caller, other), "user_id", null);
    }

    private Reply group(Reservation reservation, UserId caller, Wish wish, Set<UserId> members) {
        boolean full = members.size() + (members.contains(caller) ? 0 : 1) > Roster.BATCH_MAX;
        if (full) {
            throw new ProblemException(Fault.GROUP_FULL);
        }
        return reply(create.group(reservation, caller, wish, members), "member_ids", members);
    }

    /** @param list the list in which unknown people stood; null where it was one field */
    private Reply reply(Result result, String field, @Nullable Set<UserId> list) {
        return switch (result) {
            case Result.Made made -> new Reply(201, JsonText.bytes(view.of(made.membership())));
            case Result.Existed existed -> new Reply(200, JsonText.bytes(view.of(existed.membership())));
            case Result.Blocked blocked -> throw new ProblemException(Fault.FORBIDDEN);
            case Result.Left left -> throw new ProblemException(Fault.NOT_FOUND);
            case Result.UnknownUsers unknown ->
                throw list == null
                        ? ProblemException.field("/" + field, "unknown_user")
                        : ConversationRequests.unknownUsers(field, list, unknown.users());
        };
    }
}
