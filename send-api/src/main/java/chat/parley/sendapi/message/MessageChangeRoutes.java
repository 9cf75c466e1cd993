package chat.parley.sendapi.message;

import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.message.Message;
import chat.parley.message.MessageChange.Action;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChange.Unreact;
import chat.parley.message.MessageJson;
import chat.parley.message.MessageStore.ReactionPosition;
import chat.parley.message.Reaction;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.http.RateLimit;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /v1/conversations/{conversation}/messages/{seq}} and what hangs on it: edits, the deletion, versions, reactions. */
public final class MessageChangeRoutes {
    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 200;

    private final ChangeMessage changeMessage;
    private final History history;
    private final RateLimit limit;

    /** Serves these. */
    public MessageChangeRoutes(ChangeMessage changeMessage, History history, RateLimit limit) {
        this.changeMessage = changeMessage;
        this.history = history;
        this.limit = limit;
    }

    /** {@code PATCH}: 200 with the message as it stands now. */
    public void edit(Context http) {
        var body = Body.of(http);
        boolean hasMentions = body.has("mentions");
        var text = body.textOrNull("text", 0, MessageRequests.TEXT_CODE_POINTS_MAX);
        var mentions = MessageRequests.mentions(body);
        var metadata = body.objectOrNull("metadata", MessageRequests.METADATA_BYTES_MAX);
        if (text == null && !hasMentions && metadata == null) {
            body.complain("text", "required");
        }
        body.done();
        change(http, new Edit(text, hasMentions ? mentions : null, metadata), mentions);
    }

    /** {@code DELETE}: 200 with what is left of it. */
    public void delete(Context http) {
        change(http, new Delete(), List.of());
    }

    /** {@code PUT .../reactions/{emoji}}: 200 with the message. */
    public void react(Context http) {
        change(http, new React(emoji(http)), List.of());
    }

    /** {@code DELETE .../reactions/{emoji}}: 200 with the message. */
    public void unreact(Context http) {
        change(http, new Unreact(emoji(http)), List.of());
    }

    /** {@code GET .../versions}: what it said, oldest first. */
    public void versions(Context http) {
        var reader = Edge.caller(http).user();
        var versions = history.versions(MessageRequests.conversation(http), reader, MessageRequests.seq(http))
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var version : versions) {
                json.writeStartObject();
                json.writeNumberField("revision", version.revision());
                MessageJson.writeBody(version.body(), json);
                json.writeStringField("since", JsonText.time(version.since()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** {@code GET .../reactions}: who reacted, by emoji. */
    public void reactions(Context http) {
        var reader = Edge.caller(http).user();
        int size = Query.limit(http, PAGE_DEFAULT, PAGE_MAX);
        var after = position(http);
        var found = history.reactions(
                        MessageRequests.conversation(http), reader, MessageRequests.seq(http), after, size + 1)
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        boolean more = found.size() > size;
        var page = more ? found.subList(0, size) : found;
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var reaction : page) {
                json.writeStartObject();
                json.writeStringField("user_id", reaction.user().toString());
                json.writeStringField("emoji", reaction.emoji());
                json.writeStringField("created_at", JsonText.time(reaction.at()));
                json.writeEndObject();
            }
            json.writeEndArray();
            if (more) {
                json.writeStringField("after", cursor(page.getLast()));
            }
            json.writeEndObject();
        });
    }

    private void change(Context http, Action action, List<UserId> mentions) {
        var actor = Edge.caller(http).user();
        var conversation = MessageRequests.conversation(http);
        long seq = MessageRequests.seq(http);
        limit.count(http, actor);
        Message message = switch (changeMessage.change(actor, conversation, seq, action)) {
            case ChangeMessage.Outcome.Done done -> done.message();
            case ChangeMessage.Outcome.NotFound unused -> throw new ProblemException(Fault.NOT_FOUND);
            case ChangeMessage.Outcome.Forbidden unused -> throw new ProblemException(Fault.FORBIDDEN);
            case ChangeMessage.Outcome.TooLate unused -> throw new ProblemException(Fault.TOO_LATE);
            case ChangeMessage.Outcome.Deleted unused -> throw new ProblemException(Fault.MESSAGE_DELETED);
            case ChangeMessage.Outcome.NothingSaid unused -> throw ProblemException.field("/text", "too_short");
            case ChangeMessage.Outcome.NoMembers strangers ->
                throw MessageRequests.noMembers(mentions, strangers.users());
            case ChangeMessage.Outcome.TooManyKinds unused -> throw new ProblemException(Fault.TOO_MANY_REACTIONS);
            case ChangeMessage.Outcome.Busy unused -> throw new ProblemException(Fault.OVERLOADED);
        };
        Answer.json(http, 200, json -> MessageJson.write(message, json));
    }

    private static String emoji(Context http) {
        String text = http.pathParam("emoji");
        if (!Emoji.isOne(text)) {
            throw ProblemException.field("emoji", "not_an_emoji");
        }
        return text;
    }

    private static String cursor(Reaction last) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((last.emoji() + " " + last.user()).getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable ReactionPosition position(Context http) {
        String text = http.queryParam("after");
        if (text == null) {
            return null;
        }
        try {
            String decoded = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
            int blank = Math.max(0, decoded.lastIndexOf(' '));
            String emoji = decoded.substring(0, blank);
            if (Emoji.isOne(emoji)) {
                return new ReactionPosition(emoji, UserId.parse(decoded.substring(blank + 1)));
            }
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("after", "not_a_cursor");
        }
        throw ProblemException.field("after", "not_a_cursor");
    }
}
