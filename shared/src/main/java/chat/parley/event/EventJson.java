package chat.parley.event;

import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.Member;
import chat.parley.conversation.MemberJson;
import chat.parley.event.ChatEvent.ConversationCreated;
import chat.parley.event.ChatEvent.ConversationUpdated;
import chat.parley.event.ChatEvent.DeliveredAdvanced;
import chat.parley.event.ChatEvent.MemberJoined;
import chat.parley.event.ChatEvent.MemberLeft;
import chat.parley.event.ChatEvent.MemberUpdated;
import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.ChatEvent.MessageDeleted;
import chat.parley.event.ChatEvent.MessageEdited;
import chat.parley.event.ChatEvent.ReactionAdded;
import chat.parley.event.ChatEvent.ReactionRemoved;
import chat.parley.event.ChatEvent.ReadAdvanced;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.message.Message;
import chat.parley.message.MessageJson;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The one place that turns an event into what travels: name, key and the envelope of the contract. */
public final class EventJson {
    private EventJson() {}

    /** Encodes {@code event}. The same event, made again from the stores, gets the same key. */
    public static EncodedEvent encode(ChatEvent event) {
        String type = type(event);
        byte[] json = JsonText.bytes(out -> {
            out.writeStartObject();
            out.writeStringField("type", type);
            out.writeStringField("time", JsonText.time(event.at()));
            out.writeStringField("conversation_id", event.conversation().toString());
            out.writeStringField("actor_id", event.actor().toString());
            out.writeFieldName("data");
            writeData(event, out);
            writeQuoted(event, out);
            out.writeEndObject();
        });
        return new EncodedEvent(type, key(event), event.at().toEpochMilli(), json);
    }

    /** The key under which a stream knows a message as it stands. */
    private static String messageKey(Message message) {
        return MESSAGE_KEY
                + message.conversation()
                + ':'
                + message.seq()
                + ':'
                + message.state().version();
    }

    static final String MESSAGE_CREATED = "message.created";

    /** The event of a deletion, which a replay tells instead of what was deleted. */
    static final String MESSAGE_DELETED = "message.deleted";

    /** How types of reactions begin. */
    static final String REACTIONS = "reaction.";

    /** How keys of messages begin; {@link References} reads them. */
    static final String MESSAGE_KEY = "m:";

    /** How keys of marks begin, {@code a:<conversation>:<user>:<read>:<delivered>}, of which one is empty; {@link Superseded} reads them. */
    static final String MARKS_KEY = "a:";

    private static String type(ChatEvent event) {
        return switch (event) {
            case MessageCreated unused -> MESSAGE_CREATED;
            case MessageEdited unused -> "message.edited";
            case MessageDeleted unused -> MESSAGE_DELETED;
            case ReactionAdded unused -> REACTIONS + "added";
            case ReactionRemoved unused -> REACTIONS + "removed";
            case ConversationCreated unused -> "conversation.created";
            case ConversationUpdated unused -> "conversation.updated";
            case MemberJoined unused -> "member.joined";
            case MemberUpdated unused -> "member.updated";
            case MemberLeft unused -> "member.left";
            case ReadAdvanced unused -> "read.advanced";
            case DeliveredAdvanced unused -> "delivered.advanced";
        };
    }

    /** Changes that can happen again to the same thing are told apart by their time, which the outbox row repeats. */
    private static String key(ChatEvent event) {
        return switch (event) {
            case MessageCreated sent -> messageKey(sent.message());
            case MessageEdited edited -> messageKey(edited.message());
            case MessageDeleted deleted -> messageKey(deleted.message());
            case ReactionAdded added -> messageKey(added.message());
            case ReactionRemoved removed -> messageKey(removed.message());
            case ConversationCreated created -> "c:" + created.conversation();
            case ConversationUpdated updated ->
                "u:" + updated.conversation() + ':' + updated.at().toEpochMilli();
            case MemberJoined joined -> "j:" + memberKey(joined.member(), joined.at());
            case MemberUpdated updated -> "r:" + memberKey(updated.member(), updated.at());
            case MemberLeft left -> "l:" + memberKey(left.member(), left.at());
            // A mark that is told once more is the same, whenever; the two kinds of one member differ by the place.
            case ReadAdvanced read -> marksKey(read) + read.seq() + ':';
            case DeliveredAdvanced delivered -> marksKey(delivered) + ':' + delivered.seq();
        };
    }

    private static String memberKey(Member member, Instant at) {
        return member.conversation() + ":" + member.user() + ':' + at.toEpochMilli();
    }

    private static String marksKey(ChatEvent event) {
        return MARKS_KEY + event.conversation() + ':' + event.actor() + ':';
    }

    private static void writeData(ChatEvent event, JsonGenerator json) throws IOException {
        switch (event) {
            case MessageCreated sent -> MessageJson.write(sent.message(), json);
            case MessageEdited edited -> MessageJson.write(edited.message(), json);
            case MessageDeleted deleted -> MessageJson.write(deleted.message(), json);
            case ReactionAdded added -> writeReaction(added.message(), added.actor(), added.emoji(), json);
            case ReactionRemoved removed -> writeReaction(removed.message(), removed.actor(), removed.emoji(), json);
            case ConversationCreated created -> ConversationJson.write(created.created(), json);
            case ConversationUpdated updated -> ConversationJson.write(updated.updated(), json);
            case MemberJoined joined -> MemberJson.write(joined.member(), json);
            case MemberUpdated updated -> MemberJson.write(updated.member(), json);
            case MemberLeft left -> MemberJson.write(left.member(), json);
            case ReadAdvanced read -> writeMark(read.actor(), read.seq(), json);
            case DeliveredAdvanced delivered -> writeMark(delivered.actor(), delivered.seq(), json);
        }
    }

    private static void writeMark(UserId user, long seq, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("user_id", user.toString());
        json.writeNumberField("seq", seq);
        json.writeEndObject();
    }

    /** With all counts, so that a client needs no counting of its own, and no event twice does harm. */
    private static void writeReaction(Message message, UserId actor, String emoji, JsonGenerator json)
            throws IOException {
        json.writeStartObject();
        json.writeNumberField("seq", message.seq());
        json.writeStringField("user_id", actor.toString());
        json.writeStringField("emoji", emoji);
        json.writeNumberField("version", message.state().version());
        json.writeFieldName("reactions");
        var reactions = message.state().reactions();
        json.writeRawValue(reactions == null ? "{}" : reactions);
        json.writeEndObject();
    }

    /** Beside the message, never in it: not every reader may see what it answers. */
    private static void writeQuoted(ChatEvent event, JsonGenerator json) throws IOException {
        var quoted = quoted(event);
        if (quoted != null) {
            json.writeFieldName("quoted");
            MessageJson.write(quoted, json);
        }
    }

    private static @Nullable Message quoted(ChatEvent event) {
        return switch (event) {
            case MessageCreated sent -> sent.quoted();
            case MessageEdited edited -> edited.quoted();
            default -> null;
        };
    }

    /** Whether the event tells a message that answers another one. */
    static boolean answers(ChatEvent event) {
        return switch (event) {
            case MessageCreated sent -> sent.message().body().replyTo() != null;
            case MessageEdited edited -> edited.message().body().replyTo() != null;
            default -> false;
        };
    }
}
