package chat.parley.systemtests.history;

/**
 * One request to send.
 *
 * @param seq the number it was acknowledged with; 0 unless the outcome is {@link Outcome#OK}
 */
public record Attempt(String conversation, String sender, String key, String text, Outcome outcome, long seq) {
    /** What must be found in history when it was acknowledged. */
    Seen acknowledged() {
        return new Seen(conversation, seq, sender, key, text);
    }
}
