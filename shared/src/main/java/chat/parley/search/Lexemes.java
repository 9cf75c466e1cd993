package chat.parley.search;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;

/** Words as they are written in a tsvector or a tsquery. No word of a text has the signs of the others, so nobody can forge them. */
final class Lexemes {
    private Lexemes() {}

    /** Any text as one word, whatever signs it has. */
    static String quoted(String word) {
        return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    /** Stands in every row of the conversation. */
    static String of(ConversationId conversation) {
        return "'/" + conversation.value() + "'";
    }

    /** Stands in every row of what the person sent. */
    static String of(UserId sender) {
        return "'@" + sender.value() + "'";
    }
}
