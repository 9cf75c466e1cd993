package chat.parley.search;

import chat.parley.json.Json;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Collectors;

/** What of a message can be found: its text and the names of its files. */
final class SearchableText {
    /** Between one text and the next, so that no phrase reaches over. */
    private static final int GAP = 10;

    /** PostgreSQL's own bounds of a tsvector: the highest position, and positions of one word. */
    private static final int POSITION_MAX = 16_383;

    private static final int POSITIONS_MAX = 255;

    private SearchableText() {}

    /** The texts to be looked through, the message's own first; empty for what cannot be found. */
    static List<String> of(Message message) {
        var body = message.body();
        if (message.isDeleted() || body.type() == MessageBody.Type.SYSTEM) {
            return List.of();
        }
        var texts = new ArrayList<String>();
        if (body.text() != null) {
            texts.add(body.text());
        }
        if (body.media() != null) {
            try {
                for (var item : Json.MAPPER.readTree(body.media())) {
                    if (item.path("name").isTextual()) {
                        texts.add(item.path("name").textValue());
                    }
                }
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a message's media are not what this project writes", e);
            }
        }
        return texts;
    }

    /** The written form of the tsvector that a message is found by. */
    static String vector(Message message) {
        var positions = new HashMap<String, List<Integer>>();
        int position = 1;
        for (var text : of(message)) {
            for (var token : Words.of(text)) {
                var of = positions.computeIfAbsent(token.word(), unused -> new ArrayList<>());
                if (of.size() < POSITIONS_MAX && position <= POSITION_MAX) {
                    of.add(position);
                }
                position++;
            }
            position += GAP;
        }
        var vector = new StringBuilder();
        positions.forEach((word, of) -> {
            vector.append(Lexemes.quoted(word));
            if (!of.isEmpty()) {
                vector.append(':').append(of.stream().map(String::valueOf).collect(Collectors.joining(",")));
            }
            vector.append(' ');
        });
        return vector.append(Lexemes.of(message.conversation()))
                .append(' ')
                .append(Lexemes.of(message.sender()))
                .toString();
    }
}
