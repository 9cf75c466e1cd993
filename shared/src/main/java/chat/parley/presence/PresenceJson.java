package chat.parley.presence;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** The presence object of the contract. */
public final class PresenceJson {
    private PresenceJson() {}

    /** As it is answered to who asks. */
    public static void write(Presence presence, JsonGenerator json) throws IOException {
        json.writeStartObject();
        writeStatus(presence, json);
        if (presence.text() != null) {
            json.writeStringField("text", presence.text());
        }
        writeLastSeen(presence, json);
        json.writeEndObject();
    }

    /** As it is told to peers. */
    public static void writeChange(Presence presence, JsonGenerator json) throws IOException {
        json.writeStartObject();
        writeStatus(presence, json);
        writeLastSeen(presence, json);
        json.writeEndObject();
    }

    private static void writeStatus(Presence presence, JsonGenerator json) throws IOException {
        json.writeStringField("user_id", presence.user().toString());
        json.writeStringField("status", presence.status().text());
    }

    private static void writeLastSeen(Presence presence, JsonGenerator json) throws IOException {
        if (presence.lastSeen() != null) {
            json.writeStringField("last_seen_at", JsonText.time(presence.lastSeen()));
        }
    }
}
