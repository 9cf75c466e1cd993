package chat.parley.message;

import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The optional parts of a message as they are stored: one JSON object, null where there are none. Most messages are plain texts, and cost nothing here.
 */
final class MessageDetails {
    /** The written form of {@link MessageBody#EVERYONE}. */
    private static final String ALL = "all";

    private MessageDetails() {}

    /** The stored form of all but the text. */
    static @Nullable String write(MessageBody body) {
        boolean isPlain = body.type() == MessageBody.Type.TEXT
                && body.media() == null
                && body.replyTo() == null
                && body.mentions().isEmpty()
                && body.metadata() == null;
        if (isPlain) {
            return null;
        }
        return new String(
                JsonText.bytes(json -> {
                    json.writeStartObject();
                    json.writeStringField("type", body.type().text());
                    writeParts(body, json);
                    json.writeEndObject();
                }),
                StandardCharsets.UTF_8);
    }

    /** The parts that readers see too, as fields of an object under way. */
    static void writeParts(MessageBody body, JsonGenerator json) throws IOException {
        raw("media", body.media(), json);
        if (body.replyTo() != null) {
            json.writeNumberField("reply_to", body.replyTo());
        }
        if (!body.mentions().isEmpty()) {
            json.writeArrayFieldStart("mentions");
            for (var user : body.mentions()) {
                json.writeString(user.equals(MessageBody.EVERYONE) ? ALL : user.toString());
            }
            json.writeEndArray();
        }
        raw("metadata", body.metadata(), json);
        raw("system", body.system(), json);
    }

    /** A field whose value is JSON already. */
    static void raw(String field, @Nullable String value, JsonGenerator json) throws IOException {
        if (value != null) {
            json.writeFieldName(field);
            json.writeRawValue(value);
        }
    }

    /** A body from its stored form. */
    static MessageBody read(@Nullable String text, @Nullable String details) {
        if (details == null) {
            return new MessageBody(MessageBody.Type.TEXT, text, null, null, List.of(), null, null);
        }
        JsonNode tree;
        try {
            tree = Json.MAPPER.readTree(details);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message's details are not what this project writes", e);
        }
        var mentions = new ArrayList<UserId>();
        for (var mention : tree.path("mentions")) {
            mentions.add(mention.textValue().equals(ALL) ? MessageBody.EVERYONE : UserId.parse(mention.textValue()));
        }
        return new MessageBody(
                MessageBody.Type.of(tree.path("type").textValue()),
                text,
                text(tree.get("media")),
                tree.has("reply_to") ? tree.get("reply_to").longValue() : null,
                List.copyOf(mentions),
                text(tree.get("metadata")),
                text(tree.get("system")));
    }

    private static @Nullable String text(@Nullable JsonNode node) {
        return node == null ? null : node.toString();
    }
}
