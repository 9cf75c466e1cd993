package chat.parley.conversation;

import chat.parley.json.JsonText;
import chat.parley.message.Message;
import chat.parley.message.MessageJson;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A conversation's JSON, in events and in answers. */
public final class ConversationJson {
    private ConversationJson() {}

    /** Writes the object as every reader sees it: without {@code me} and {@code last_message}. */
    public static void write(Conversation conversation, JsonGenerator json) throws IOException {
        json.writeStartObject();
        fields(conversation, null, json);
        json.writeEndObject();
    }

    /**
     * Writes the object as one member sees it.
     *
     * @param lastMessage the newest one, if there is one that this member may see
     */
    public static void writeFor(Membership membership, @Nullable Message lastMessage, JsonGenerator json)
            throws IOException {
        var conversation = membership.conversation();
        var me = membership.me().member();
        json.writeStartObject();
        fields(conversation, lastMessage, json);
        json.writeObjectFieldStart("me");
        json.writeStringField("role", me.role().text());
        json.writeNumberField("joined_seq", me.joinedSeq());
        json.writeNumberField("read_seq", me.readSeq());
        json.writeNumberField("delivered_seq", me.deliveredSeq());
        // What expired counts no more, whether it was read or not.
        json.writeNumberField("unread_count", conversation.lastSeq() - Math.max(me.readSeq(), me.joinedSeq() - 1));
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void fields(Conversation conversation, @Nullable Message lastMessage, JsonGenerator json)
            throws IOException {
        json.writeStringField("id", conversation.id().toString());
        json.writeStringField("type", conversation.type().name().toLowerCase(Locale.ROOT));
        if (conversation.name() != null) {
            json.writeStringField("name", conversation.name());
        }
        json.writeStringField("created_at", JsonText.time(conversation.createdAt()));
        json.writeNumberField("member_count", conversation.memberCount());
        json.writeNumberField("last_seq", conversation.lastSeq());
        if (lastMessage != null) {
            json.writeFieldName("last_message");
            MessageJson.write(lastMessage, json);
        }
        json.writeArrayFieldStart("members");
        for (Member member : conversation.members()) {
            json.writeStartObject();
            json.writeStringField("user_id", member.user().toString());
            json.writeStringField("role", member.role().text());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
