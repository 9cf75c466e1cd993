package chat.parley.safety;

import java.time.Instant;
import java.util.Locale;

/**
 * What somebody found wrong with a message. Who it was is told to nobody.
 *
 * @param note in the reporter's words; may be empty
 * @param snapshot the message's JSON, as it was then
 */
public record Report(long seq, Reason reason, String note, String snapshot, Instant at) {
    /** What is wrong. */
    public enum Reason {
        /** Unwanted advertising. */
        SPAM,
        /** Insult, threat, harassment. */
        ABUSE,
        /** Against the law. */
        ILLEGAL,
        /** Something else; the note says what. */
        OTHER;

        /** As it stands in JSON and in the database. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Reason of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }
}
