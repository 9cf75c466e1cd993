package chat.parley.message;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A message's JSON: the same bytes in history, in the stream and everywhere else, whoever reads. */
public final class MessageJson {
    /** Messages cannot be edited yet; the first version is the only one. */
    private static final int FIRST_VERSION = 1;

    private MessageJson() {}

    /** Writes the object, field names included, in the contract's order. */
    public static void write(Message message, JsonGenerator json) throws IOException {
        String conversation = message.conversation().toString();
        json.writeStartObject();
        json.writeStringField("id", conversation + ":" + message.seq());
        json.writeStringField("conversation_id", conversation);
        json.writeNumberField("seq", message.seq());
        json.writeStringField("sender_id", message.sender().toString());
        json.writeStringField("client_message_id", message.clientMessageId());
        json.writeStringField("type", "text");
        json.writeStringField("text", message.text());
        json.writeStringField("created_at", JsonText.time(message.createdAt()));
        json.writeNumberField("version", FIRST_VERSION);
        json.writeEndObject();
    }
}
