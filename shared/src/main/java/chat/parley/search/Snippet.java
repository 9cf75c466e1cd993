package chat.parley.search;

import chat.parley.search.SearchWords.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A part of a text around what was looked for. Its parts one after another are plain text: nothing in it is markup, and nobody has to count characters. */
public record Snippet(List<Part> parts) {
    /** About two lines of a list. */
    private static final int UNITS_MAX = 160;

    /** So much stands before the first match, for the sense of it. */
    private static final int UNITS_BEFORE = 40;

    private static final String MORE = "…";

    /** A piece of plain text, and whether it is what was looked for. */
    public record Part(String text, boolean match) {}

    /** The part of {@code text} around the first of {@code ranges}, which need not be in order. */
    static Snippet of(String text, List<Range> ranges) {
        var marks = merged(ranges);
        int from = 0;
        int to = text.length();
        if (text.length() > UNITS_MAX) {
            var first = marks.getFirst();
            from = boundary(text, first.start() - UNITS_BEFORE, first.start());
            to = Math.max(first.end(), boundary(text, from + UNITS_MAX, text.length()));
        }
        var parts = new ArrayList<Part>();
        if (from > 0) {
            parts.add(new Part(MORE, false));
        }
        int at = from;
        for (var mark : marks) {
            if (mark.end() > to) {
                break;
            }
            if (mark.start() > at) {
                parts.add(new Part(text.substring(at, mark.start()), false));
            }
            parts.add(new Part(text.substring(mark.start(), mark.end()), true));
            at = mark.end();
        }
        if (to > at) {
            parts.add(new Part(text.substring(at, to), false));
        }
        if (to < text.length()) {
            parts.add(new Part(MORE, false));
        }
        return new Snippet(List.copyOf(parts));
    }

    private static List<Range> merged(List<Range> ranges) {
        var merged = new ArrayList<Range>();
        for (var range :
                ranges.stream().sorted(Comparator.comparingInt(Range::start)).toList()) {
            if (!merged.isEmpty() && range.start() <= merged.getLast().end()) {
                var last = merged.removeLast();
                merged.add(new Range(last.start(), Math.max(last.end(), range.end())));
            } else {
                merged.add(range);
            }
        }
        return merged;
    }

    /** The first place at {@code wanted} or after it, before {@code latest}, that follows a blank; else one that tears no character apart. */
    private static int boundary(String text, int wanted, int latest) {
        if (wanted <= 0) {
            return 0;
        }
        if (wanted >= text.length()) {
            return text.length();
        }
        for (int at = wanted; at < latest && at < wanted + UNITS_BEFORE / 2; at++) {
            if (Character.isWhitespace(text.charAt(at - 1))) {
                return at;
            }
        }
        int at = wanted;
        while (at < latest && (Character.isLowSurrogate(text.charAt(at)) || Folding.isMark(text.codePointAt(at)))) {
            at++;
        }
        return at;
    }
}
