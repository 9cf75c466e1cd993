package chat.parley.stream;

import chat.parley.event.EncodedEvent;
import chat.parley.json.Json;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/**
 * Which events a client wants. What it leaves out still moves the cursor.
 *
 * @param types empty: all
 * @param conversations their ids as written; empty: all
 */
record Filter(Set<String> types, Set<String> conversations) {
    boolean accepts(EncodedEvent event) {
        return (types.isEmpty() || types.contains(event.type()))
                && (conversations.isEmpty() || conversations.contains(conversationOf(event)));
    }

    /** Only streams with this filter look into the JSON; the envelope names the conversation near its begin. */
    private static String conversationOf(EncodedEvent event) {
        try (var json = Json.FACTORY.createParser(event.json())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (name.equals("conversation_id")) {
                    return json.getText();
                }
                json.skipChildren();
            }
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException("an event is no JSON: " + event.type(), e);
        }
    }
}
