package chat.parley.search;

import java.text.Normalizer;
import java.util.Map;

/** Makes characters comparable: no case, no accents, one form of what can be written in several. The vowel signs of Asian scripts are no accents and stay. */
final class Folding {
    /** Letters with a stroke or a tail that Unicode takes for letters of their own. */
    private static final Map<Integer, String> LETTERS = Map.ofEntries(
            Map.entry((int) 'ß', "ss"),
            Map.entry((int) 'ẞ', "ss"),
            Map.entry((int) 'æ', "ae"),
            Map.entry((int) 'œ', "oe"),
            Map.entry((int) 'ø', "o"),
            Map.entry((int) 'ł', "l"),
            Map.entry((int) 'đ', "d"),
            Map.entry((int) 'ð', "d"),
            Map.entry((int) 'þ', "th"),
            Map.entry((int) 'ħ', "h"));

    /** Lengthens Arabic words for the eye only. */
    private static final int TATWEEL = 0x0640;

    private static final int ASCII_END = 0x80;

    private Folding() {}

    /** Appends the folded form of one character of {@code text} with its marks. */
    static void fold(String text, int from, int to, StringBuilder out) {
        if (to - from == 1 && text.charAt(from) < ASCII_END) {
            out.append(Character.toLowerCase(text.charAt(from))); // most of them: without a string for each
            return;
        }
        Normalizer.normalize(text.substring(from, to), Normalizer.Form.NFKD)
                .codePoints()
                .forEach(part -> foldPart(part, out));
    }

    /** Puts together what {@link #fold} left in parts. */
    static String composed(CharSequence folded) {
        return Normalizer.normalize(folded, Normalizer.Form.NFC);
    }

    private static void foldPart(int part, StringBuilder out) {
        if (part == TATWEEL || isAccent(part)) {
            return;
        }
        if (Character.isDigit(part)) {
            out.append((char) ('0' + Character.digit(part, 10)));
            return;
        }
        // By way of the capital: so the two small sigmas, and the Turkish i without a dot, become one.
        int small = Character.toLowerCase(Character.toUpperCase(part));
        var letters = LETTERS.get(small);
        if (letters != null) {
            out.append(letters);
        } else if (Character.isLetterOrDigit(small) || isMark(small)) {
            out.appendCodePoint(small);
        }
    }

    /** Belongs to the character before it. */
    static boolean isMark(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> false;
        };
    }

    private static boolean isAccent(int part) {
        return isMark(part)
                && (isIn(part, 0x0300, 0x036F) // accents of Latin, Greek and Cyrillic
                        || isIn(part, 0x1AB0, 0x1AFF)
                        || isIn(part, 0x1DC0, 0x1DFF)
                        || isIn(part, 0x20D0, 0x20FF)
                        || isIn(part, 0xFE20, 0xFE2F)
                        || isIn(part, 0x0591, 0x05C7) // points of Hebrew
                        || isIn(part, 0x0610, 0x061A) // signs and vowels of Arabic
                        || isIn(part, 0x064B, 0x065F)
                        || isIn(part, 0x0670, 0x0670)
                        || isIn(part, 0x06D6, 0x06ED)
                        || isIn(part, 0xFE00, 0xFE0F) // how to draw the character before
                        || isIn(part, 0xE0100, 0xE01EF));
    }

    private static boolean isIn(int part, int first, int last) {
        return part >= first && part <= last;
    }
}
