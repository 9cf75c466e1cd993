package chat.parley.search;

/**
 * One word of a text, or two neighbouring characters where a script has no blanks.
 *
 * @param word as it is compared: without accents and case
 * @param start where it begins in the text
 * @param headEnd where its first character ends, for {@link Kind#PAIR}; else as {@code end}
 * @param end where it ends
 */
record Token(String word, Kind kind, int start, int headEnd, int end) {
    /** How it is matched. */
    enum Kind {
        /** Letters and digits up to the next that is none. */
        WORD,
        /** Two characters of a run without blanks. */
        PAIR,
        /** The last character of such a run, so that it too is found alone. */
        TAIL,
        /** One emoji. */
        EMOJI
    }
}
