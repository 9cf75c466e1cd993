package chat.parley.conversation;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How names of public channels are found: compatible forms and cases are one, and each word by its beginning. */
final class ChannelName {
    /** What stands between words, in any script. Marks belong to the letter before them. */
    private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

    /** A compatible form can be 18 times as long; an index entry has room for 2,700 bytes. */
    private static final int FOLDED_CODE_POINTS_MAX = 200;

    private ChannelName() {}

    static String folded(String name) {
        String folded = Normalizer.normalize(name, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        return folded.codePointCount(0, folded.length()) <= FOLDED_CODE_POINTS_MAX
                ? folded
                : folded.substring(0, folded.offsetByCodePoints(0, FOLDED_CODE_POINTS_MAX));
    }

    /** Letters and digits only, so they need no escapes in a query. */
    static List<String> words(String text) {
        return Arrays.stream(NO_WORD.split(folded(text)))
                .filter(word -> !word.isEmpty())
                .distinct()
                .toList();
    }

    /** In the form that PostgreSQL reads: each word is the beginning of one of the name. */
    static String query(List<String> words) {
        return words.stream().map(word -> "'" + word + "':*").collect(Collectors.joining(" & "));
    }
}
