package chat.parley.message;

import chat.parley.json.Json;
import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The counts of a message's reactions by emoji, first used first, and their stored form. */
final class ReactionCounts {
    private ReactionCounts() {}

    static Map<String, Integer> read(Message message) {
        var counts = new LinkedHashMap<String, Integer>();
        var stored = message.state().reactions();
        if (stored != null) {
            try {
                Json.MAPPER
                        .readTree(stored)
                        .properties()
                        .forEach(each ->
                                counts.put(each.getKey(), each.getValue().intValue()));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a message's reactions are not what this project writes", e);
            }
        }
        return counts;
    }

    /** One less of this kind. */
    static void takeBack(Map<String, Integer> counts, String emoji) {
        counts.computeIfPresent(emoji, (unused, count) -> count == 1 ? null : count - 1);
    }

    /** Null for none. */
    static @Nullable String write(Map<String, Integer> counts) {
        if (counts.isEmpty()) {
            return null;
        }
        byte[] json = JsonText.bytes(out -> {
            out.writeStartObject();
            for (var each : counts.entrySet()) {
                out.writeNumberField(each.getKey(), each.getValue());
            }
            out.writeEndObject();
        });
        return new String(json, StandardCharsets.UTF_8);
    }
}
