package chat.parley.search;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Cuts a text into {@link Token}s. Between blanks a word is a word; scripts without blanks (Chinese, Japanese, Thai and others) are cut into pairs of neighbours, by which
 * any part of a run is found without a dictionary. For one text, one thread.
 */
final class Words {
    /** Longer ones are addresses and keys, told apart by so much too. Counted in code points. */
    private static final int WORD_MAX = 64;

    /** Characters have three marks at most in any language; more are decoration. */
    private static final int CHARACTER_MAX = 8;

    private static final Set<UnicodeScript> WITHOUT_BLANKS = EnumSet.of(
            UnicodeScript.HAN,
            UnicodeScript.HIRAGANA,
            UnicodeScript.KATAKANA,
            UnicodeScript.BOPOMOFO,
            UnicodeScript.YI,
            UnicodeScript.THAI,
            UnicodeScript.LAO,
            UnicodeScript.KHMER,
            UnicodeScript.MYANMAR,
            UnicodeScript.TIBETAN);

    /** Belong to no script, and stand in the middle of Japanese words; the second is the narrow one. */
    private static final int LONG_VOWEL = 0x30FC;

    private static final int LONG_VOWEL_NARROW = 0xFF70;

    /** The marks of narrow Japanese characters, which are characters of their own. */
    private static final int VOICED_NARROW = 0xFF9E;

    private static final int SEMI_VOICED_NARROW = 0xFF9F;

    /** Some of these are emoji by the standard: digits, because of the key caps. */
    private static final int ASCII_LAST = 0x7F;

    private static final int SKIN_FIRST = 0x1F3FB;
    private static final int SKIN_LAST = 0x1F3FF;

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private final List<Piece> run = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private int wordStart;
    private int wordEnd;

    private Words(String text) {
        this.text = text;
    }

    /** One character of a run, folded, and where it stands. */
    private record Piece(String folded, int start, int end) {}

    /** The words of {@code text}, in their order. */
    static List<Token> of(String text) {
        var words = new Words(text);
        words.cut();
        return words.tokens;
    }

    /** Whether the script of this word hangs endings on words, so that its beginning is what people look for. */
    static boolean isHangul(String word) {
        return UnicodeScript.of(word.codePointAt(0)) == UnicodeScript.HANGUL;
    }

    private void cut() {
        for (int at = 0; at < text.length(); ) {
            int base = text.codePointAt(at);
            int end = end(base, at);
            if (isWithoutBlanks(base)) {
                endWord();
                run.add(new Piece(folded(at, end), at, end));
            } else if (isOfWord(base)) {
                endRun();
                if (word.isEmpty()) {
                    wordStart = at;
                }
                Folding.fold(text, at, end, word);
                wordEnd = end;
            } else {
                endWord();
                endRun();
                if (isEmoji(base)) {
                    tokens.add(new Token(Character.toString(base), Token.Kind.EMOJI, at, end, end));
                }
            }
            at = end;
        }
        endWord();
        endRun();
    }

    /** Where the character ends that begins at {@code at}, with its marks and what cannot be seen. */
    private int end(int base, int at) {
        int end = at + Character.charCount(base);
        while (end < text.length()) {
            int next = text.codePointAt(end);
            boolean follows = Folding.isMark(next)
                    || next == VOICED_NARROW
                    || next == SEMI_VOICED_NARROW
                    || Character.getType(next) == Character.FORMAT
                    || (next >= SKIN_FIRST && next <= SKIN_LAST && Character.isEmojiModifierBase(base));
            if (!follows) {
                break;
            }
            end += Character.charCount(next);
        }
        return end;
    }

    private static boolean isWithoutBlanks(int codePoint) {
        return codePoint == LONG_VOWEL
                || codePoint == LONG_VOWEL_NARROW
                || (Character.isLetter(codePoint) && WITHOUT_BLANKS.contains(UnicodeScript.of(codePoint)));
    }

    private static boolean isOfWord(int codePoint) {
        return Character.isLetterOrDigit(codePoint) || Character.getType(codePoint) == Character.OTHER_NUMBER;
    }

    private static boolean isEmoji(int codePoint) {
        return codePoint > ASCII_LAST && (Character.isEmoji(codePoint) || Character.isExtendedPictographic(codePoint));
    }

    private String folded(int from, int to) {
        var folded = new StringBuilder();
        Folding.fold(text, from, to, folded);
        return cut(Folding.composed(folded), CHARACTER_MAX);
    }

    private void endWord() {
        if (!word.isEmpty()) {
            var folded = cut(Folding.composed(word), WORD_MAX);
            tokens.add(new Token(folded, Token.Kind.WORD, wordStart, wordEnd, wordEnd));
            word.setLength(0);
        }
    }

    private void endRun() {
        for (int i = 0; i < run.size(); i++) {
            var here = run.get(i);
            if (i + 1 < run.size()) {
                var next = run.get(i + 1);
                tokens.add(new Token(here.folded + next.folded, Token.Kind.PAIR, here.start, here.end, next.end));
            } else {
                tokens.add(new Token(here.folded, Token.Kind.TAIL, here.start, here.end, here.end));
            }
        }
        run.clear();
    }

    private static String cut(String word, int max) {
        return word.codePointCount(0, word.length()) <= max ? word : word.substring(0, word.offsetByCodePoints(0, max));
    }
}
