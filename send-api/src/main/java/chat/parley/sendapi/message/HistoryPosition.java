package chat.parley.sendapi.message;

import chat.parley.id.ConversationId;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** Where in a history a page begins. */
record HistoryPosition(Side side, long seq) {
    /** Which page. */
    enum Side {
        /** The messages before, newest first. */
        BEFORE,
        /** The messages after, oldest first. */
        AFTER,
        /** The messages on both sides, oldest first. */
        AROUND
    }

    /** The parameter of a request; the newest page where there is none. */
    static HistoryPosition of(Context http, ConversationId conversation) {
        HistoryPosition found = null;
        for (var side : Side.values()) {
            String name = switch (side) {
                case BEFORE -> "before";
                case AFTER -> "after";
                case AROUND -> "around";
            };
            String text = http.queryParam(name);
            if (text != null) {
                if (found != null) {
                    throw ProblemException.field(name, "only_one_of_before_after_around");
                }
                found = new HistoryPosition(side, seq(name, text, conversation));
            }
        }
        return found == null ? new HistoryPosition(Side.BEFORE, Long.MAX_VALUE) : found;
    }

    /** A seq, or the id of a message of this conversation. */
    private static long seq(String name, String text, ConversationId conversation) {
        int colon = text.indexOf(':');
        if (colon >= 0 && !isConversation(text.substring(0, colon), conversation)) {
            throw ProblemException.field(name, "other_conversation");
        }
        var seq = seqOrNull(text.substring(colon + 1));
        if (seq == null) {
            throw ProblemException.field(name, "not_a_seq");
        }
        return seq;
    }

    /** A seq from 0 up, written in digits; null for anything else. */
    static @Nullable Long seqOrNull(String text) {
        try {
            long seq = Long.parseLong(text);
            return seq < 0 || text.charAt(0) == '+' ? null : seq;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static boolean isConversation(String text, ConversationId conversation) {
        try {
            return ConversationId.parse(text).equals(conversation);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
