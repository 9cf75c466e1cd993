package chat.parley.notifier;

import chat.parley.notifier.Push.Alert;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Cuts what is shown so that it fits, between characters as people see them. */
final class Preview {
    private static final String CUT = "…";

    private Preview() {}

    /**
     * {@code encode}'s bytes of {@code alert}, with as much of its body as {@code bytesMax} allow.
     *
     * @throws IllegalArgumentException if it does not even fit with an empty body
     */
    static byte[] fit(Alert alert, int bytesMax, Function<Alert, byte[]> encode) {
        byte[] whole = encode.apply(alert);
        if (whole.length <= bytesMax) {
            return whole;
        }
        var ends = ends(alert.body());
        int fits = 0; // how many characters are known to fit
        int tooMany = ends.size();
        byte[] best = encode.apply(alert.withBody(CUT));
        if (best.length > bytesMax) {
            throw new IllegalArgumentException("a push of " + best.length + " bytes without its body");
        }
        while (tooMany - fits > 1) {
            int characters = (fits + tooMany) / 2;
            byte[] tried = encode.apply(alert.withBody(alert.body().substring(0, ends.get(characters - 1)) + CUT));
            if (tried.length <= bytesMax) {
                fits = characters;
                best = tried;
            } else {
                tooMany = characters;
            }
        }
        return best;
    }

    /** The first {@code charactersMax} characters of {@code text}, as people see them. */
    static String first(String text, int charactersMax) {
        var ends = ends(text);
        return ends.size() <= charactersMax ? text : text.substring(0, ends.get(charactersMax - 1)) + CUT;
    }

    /** Where each character ends: an emoji of several code points is one. */
    private static List<Integer> ends(String text) {
        var characters = BreakIterator.getCharacterInstance();
        characters.setText(text);
        var ends = new ArrayList<Integer>();
        characters.first();
        for (int end = characters.next(); end != BreakIterator.DONE; end = characters.next()) {
            ends.add(end);
        }
        return ends;
    }
}
