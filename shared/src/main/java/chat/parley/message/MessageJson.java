package chat.parley.message;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A message's JSON: the same bytes in history, in the stream and everywhere else, whoever reads. */
public final class MessageJson {
    private MessageJson() {}

    /** Writes the object, field names included, in the contract's order. */
    public static void write(Message message, JsonGenerator json) throws IOException {
        String conversation = message.conversation().toString();
        var body = message.body();
        var state = message.state();
        json.writeStartObject();
        json.writeStringField("id", conversation + ":" + message.seq());
        json.writeStringField("conversation_id", conversation);
        json.writeNumberField("seq", message.seq());
        json.writeStringField("sender_id", message.sender().toString());
        json.writeStringField("client_message_id", message.clientMessageId());
        writeWords(body, json);
        json.writeStringField("created_at", JsonText.time(message.createdAt()));
        json.writeNumberField("version", state.version());
        MessageDetails.writeParts(body, json);
        MessageDetails.raw("reactions", state.reactions(), json);
        time("edited_at", state.editedAt(), json);
        time("deleted_at", state.deletedAt(), json);
        json.writeEndObject();
    }

    /** Writes what a message says as fields of an object under way. */
    public static void writeBody(MessageBody body, JsonGenerator json) throws IOException {
        writeWords(body, json);
        MessageDetails.writeParts(body, json);
    }

    private static void writeWords(MessageBody body, JsonGenerator json) throws IOException {
        json.writeStringField("type", body.type().text());
        if (body.text() != null) {
            json.writeStringField("text", body.text());
        }
    }

    private static void time(String field, @Nullable Instant time, JsonGenerator json) throws IOException {
        if (time != null) {
            json.writeStringField(field, JsonText.time(time));
        }
    }
}
