package chat.parley.ops;

/** A value that must not reach a log: its text form hides it. */
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "[redacted]";
    }
}
