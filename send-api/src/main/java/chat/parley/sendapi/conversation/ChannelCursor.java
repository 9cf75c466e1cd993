package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.PublicChannels.Position;
import chat.parley.id.ConversationId;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Where a page of public channels ended: a name and an id. Opaque to clients; a forged one can only choose where a page begins. */
final class ChannelCursor {
    private ChannelCursor() {}

    static String after(Conversation channel) {
        var position = Position.after(channel);
        String plain = position.conversation() + ":" + position.name();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
    }

    /** The parameter {@code after}, or null where it is not sent. */
    static @Nullable Position of(Context http) {
        String text = http.queryParam("after");
        if (text == null) {
            return null;
        }
        try {
            String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
            int colon = plain.indexOf(':');
            if (colon >= 0 && plain.indexOf('\0') < 0) {
                return new Position(plain.substring(colon + 1), ConversationId.parse(plain.substring(0, colon)));
            }
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("after", "not_a_cursor");
        }
        throw ProblemException.field("after", "not_a_cursor");
    }
}
