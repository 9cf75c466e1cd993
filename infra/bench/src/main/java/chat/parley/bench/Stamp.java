package chat.parley.bench;

/** The moment of sending, in the first characters of a message's text, so that a receiver can tell how long it took. */
final class Stamp {
    /** Fits every {@code System.nanoTime()}, padded with zeros. */
    static final int DIGITS = 20;

    /** A usual chat message, stamp included. */
    private static final int TEXT_CHARS = 100;

    /** What follows the stamp. */
    static final String PADDING = " " + "lorem ipsum ".repeat(TEXT_CHARS).substring(0, TEXT_CHARS - DIGITS - 1);

    private Stamp() {}

    static String text(long nanos) {
        return "%020d".formatted(nanos) + PADDING;
    }

    static void write(byte[] bytes, int offset, int digits, long value) {
        long rest = value;
        for (int i = offset + digits - 1; i >= offset; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    /** Reads digits up to the first byte that is none. */
    static long read(byte[] bytes, int offset, int end) {
        long value = 0;
        for (int i = offset; i < end && bytes[i] >= '0' && bytes[i] <= '9'; i++) value = value * 10 + bytes[i] - '0';
        return value;
    }
}
