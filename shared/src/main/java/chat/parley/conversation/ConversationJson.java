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
        outside(conversation, json);
        inside(conversation, null, json);
        json.writeEndObject();
    }

    /** Writes what those see who could join a public channel: nothing of who is in it or of what was said. */
    public static void writeFromOutside(Conversation conversation, JsonGenerator json) throws IOException {
        json.writeStartObject();
        outside(conversation, json);
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
        var notifications = membership.notifications();
        json.writeStartObject();
        outside(conversation, json);
        inside(conversation, lastMessage, json);
        json.writeObjectFieldStart("me");
        json.writeStringField("role", me.role().text());
        json.writeNumberField("joined_seq", me.joinedSeq());
        // Who sends has read up to there, also where that is noted a little later.
        long own = lastMessage != null && lastMessage.sender().equals(me.user()) ? lastMessage.seq() : 0;
        long readSeq = Math.max(own, me.readSeq());
        json.writeNumberField("read_seq", readSeq);
        json.writeNumberField("delivered_seq", Math.max(own, me.deliveredSeq()));
        // What expired counts no more, whether it was read or not.
        json.writeNumberField("unread_count", conversation.lastSeq() - Math.max(readSeq, me.joinedSeq() - 1));
        if (notifications.level() != Notifications.Level.ALL) {
            json.writeStringField("notifications", notifications.level().text());
        }
        if (notifications.mutedUntil() != null) {
            json.writeStringField("muted_until", JsonText.time(notifications.mutedUntil()));
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void outside(Conversation conversation, JsonGenerator json) throws IOException {
        var settings = conversation.settings();
        json.writeStringField("id", conversation.id().toString());
        json.writeStringField("type", conversation.type().name().toLowerCase(Locale.ROOT));
        if (settings.name() != null) {
            json.writeStringField("name", settings.name());
        }
        if (!settings.topic().isEmpty()) {
            json.writeStringField("topic", settings.topic());
        }
        if (conversation.type() == Conversation.Type.CHANNEL) {
            json.writeBooleanField("public", settings.isPublic());
        }
        if (conversation.type() != Conversation.Type.DIRECT) {
            json.writeStringField("posting", settings.posting().text());
            json.writeStringField("history", settings.history().text());
        }
        json.writeStringField("created_at", JsonText.time(conversation.createdAt()));
        json.writeNumberField("member_count", conversation.memberCount());
    }

    private static void inside(Conversation conversation, @Nullable Message lastMessage, JsonGenerator json)
            throws IOException {
        var retention = conversation.settings().retention();
        if (retention != null) {
            json.writeNumberField("retention_seconds", retention.toSeconds());
        }
        if (conversation.firstSeq() > 1) {
            json.writeNumberField("first_seq", conversation.firstSeq());
        }
        json.writeNumberField("last_seq", conversation.lastSeq());
        if (lastMessage != null) {
            json.writeFieldName("last_message");
            MessageJson.write(lastMessage, json);
        }
        if (!conversation.pinnedSeqs().isEmpty()) {
            json.writeArrayFieldStart("pinned_seqs");
            for (long seq : conversation.pinnedSeqs()) {
                json.writeNumber(seq);
            }
            json.writeEndArray();
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
