package chat.parley.sendapi.message;

import java.util.regex.Pattern;

/**
 * What may be a reaction: one emoji as a person sees it, however many code points it is made of (Unicode Technical Standard 51: sequences with modifiers,
 * joiners, flags, keycaps and tags).
 */
final class Emoji {
    /** Longest sequence, in chars: the longest that keyboards offer, a family or a couple with skin tones, has under 30. */
    private static final int CHARS_MAX = 64;

    /** One extended grapheme cluster, of Unicode Standard Annex 29. */
    private static final Pattern ONE_CLUSTER = Pattern.compile("\\X");

    /** Makes a keycap of the digit before it. */
    private static final int KEYCAP = 0x20E3;

    private Emoji() {}

    static boolean isOne(String text) {
        return text.length() <= CHARS_MAX
                && ONE_CLUSTER.matcher(text).matches()
                && text.codePoints().anyMatch(Emoji::isSign)
                && text.codePoints().allMatch(Emoji::isPart);
    }

    /** Digits, '#' and '*' have the emoji property too, and are none without a keycap. */
    private static boolean isSign(int codePoint) {
        return codePoint == KEYCAP || (codePoint >= 0x80 && Character.isEmoji(codePoint));
    }

    private static boolean isPart(int codePoint) {
        return codePoint == KEYCAP
                || Character.isEmoji(codePoint)
                || Character.isEmojiComponent(codePoint); // joiner, variation selector, tags
    }
}
