package chat.parley.search;

import chat.parley.message.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What somebody looks for: all of these words, in any order; those between quotation marks, and those without a blank between them, in this order. The
 * last one may be the beginning of a longer one, unless a quotation mark closes it.
 *
 * @param terms at least one
 */
public record SearchWords(List<Term> terms) {
    /** Longest text that is read, in code points; what people type is far shorter. */
    public static final int CODE_POINTS_MAX = 200;

    /** Most words: each is a look into the index. */
    public static final int WORDS_MAX = 10;

    /** A single letter begins a third of all words. Characters of other scripts, and whole syllables, say more. */
    private static final int PREFIX_LETTERS_MIN = 2;

    /**
     * Words that follow each other.
     *
     * @param words folded; at least one
     * @param openEnd the last one may go on
     * @param headOnly of what the last one is found in, only the first character was looked for
     */
    record Term(List<String> words, boolean openEnd, boolean headOnly) {}

    /** A part of a text, from the first UTF-16 unit to the one after the last. */
    record Range(int start, int end) {}

    /** Why a text cannot be searched for. */
    public enum Complaint {
        /** Nothing in it is a word. */
        NO_WORDS,
        /** More than {@link #WORDS_MAX} of them. */
        TOO_MANY_WORDS
    }

    /** Either words or a complaint. */
    public sealed interface Parsed {
        /** Can be searched for. */
        record Fine(SearchWords words) implements Parsed {}

        /** Cannot. */
        record Bad(Complaint complaint) implements Parsed {}
    }

    /** Reads what somebody typed; every text is something, and no sign but the quotation mark means anything. */
    public static Parsed parse(String typed) {
        var terms = new ArrayList<Term>();
        int count = 0;
        int at = 0;
        while (at < typed.length()) {
            int sign = typed.codePointAt(at);
            if (Character.isWhitespace(sign) || Character.isSpaceChar(sign)) {
                at += Character.charCount(sign);
                continue;
            }
            boolean quote = isQuote(sign);
            int from = quote ? at + 1 : at;
            int to = from;
            while (to < typed.length() && !ends(typed.codePointAt(to), quote)) {
                to += Character.charCount(typed.codePointAt(to));
            }
            boolean closed = quote && to < typed.length();
            var tokens = Words.of(typed.substring(from, to));
            at = closed ? to + 1 : to;
            if (!tokens.isEmpty()) {
                count += count(tokens);
                terms.add(term(tokens, !closed && typed.substring(at).isBlank()));
            }
        }
        if (terms.isEmpty()) {
            return new Parsed.Bad(Complaint.NO_WORDS);
        }
        return count > WORDS_MAX
                ? new Parsed.Bad(Complaint.TOO_MANY_WORDS)
                : new Parsed.Fine(new SearchWords(terms.stream().distinct().toList()));
    }

    private static boolean isQuote(int sign) {
        return sign == '"' || sign == '“' || sign == '”' || sign == '„';
    }

    private static boolean ends(int sign, boolean quoted) {
        return isQuote(sign) || (!quoted && (Character.isWhitespace(sign) || Character.isSpaceChar(sign)));
    }

    /** A run without blanks counts as one word. */
    private static int count(List<Token> tokens) {
        return (int)
                tokens.stream().filter(token -> token.kind() != Token.Kind.PAIR).count();
    }

    private static Term term(List<Token> tokens, boolean last) {
        var words = new ArrayList<>(tokens.stream().map(Token::word).toList());
        var end = tokens.getLast();
        boolean afterPair = words.size() > 1 && tokens.get(tokens.size() - 2).kind() == Token.Kind.PAIR;
        if (end.kind() == Token.Kind.TAIL && afterPair) {
            // In a text the run may go on here.
            words.removeLast();
            return new Term(List.copyOf(words), last, false);
        }
        boolean open = switch (end.kind()) {
            case TAIL -> true;
            case WORD -> Words.isHangul(end.word()) || (last && isLongEnough(end.word()));
            case PAIR -> last;
            case EMOJI -> false;
        };
        return new Term(List.copyOf(words), open, end.kind() == Token.Kind.TAIL);
    }

    private static boolean isLongEnough(String word) {
        return word.codePointCount(0, word.length()) >= PREFIX_LETTERS_MIN;
    }

    /** The written form of the tsquery that finds rows. */
    String query() {
        return terms.stream().map(SearchWords::query).collect(Collectors.joining(" & "));
    }

    /** The same for whole words only: what has them is named before what has longer ones. */
    String wholeQuery() {
        return terms.stream()
                .map(term -> query(new Term(term.words, false, term.headOnly)))
                .collect(Collectors.joining(" & "));
    }

    private static String query(Term term) {
        return term.words.stream().map(Lexemes::quoted).collect(Collectors.joining(" <-> ", "(", ""))
                + (term.openEnd ? ":*)" : ")");
    }

    /** Where the message says these words now; empty when it does not: the index may be older than the message. */
    public Optional<Snippet> in(Message message) {
        var texts = SearchableText.of(message);
        var tokens = texts.stream().map(Words::of).toList();
        var ranges = new ArrayList<List<Range>>();
        texts.forEach(text -> ranges.add(new ArrayList<>()));
        for (var term : terms) {
            boolean found = false;
            for (int i = 0; i < texts.size(); i++) {
                found |= find(term, tokens.get(i), ranges.get(i));
            }
            if (!found) {
                return Optional.empty();
            }
        }
        for (int i = 0; i < texts.size(); i++) {
            if (!ranges.get(i).isEmpty()) {
                return Optional.of(Snippet.of(texts.get(i), ranges.get(i)));
            }
        }
        return Optional.empty();
    }

    private static boolean find(Term term, List<Token> tokens, List<Range> found) {
        int length = term.words.size();
        boolean any = false;
        for (int from = 0; from + length <= tokens.size(); from++) {
            if (isAt(term, tokens, from)) {
                var last = tokens.get(from + length - 1);
                found.add(new Range(tokens.get(from).start(), term.headOnly ? last.headEnd() : last.end()));
                any = true;
            }
        }
        return any;
    }

    private static boolean isAt(Term term, List<Token> tokens, int from) {
        int length = term.words.size();
        for (int i = 0; i < length; i++) {
            var wanted = term.words.get(i);
            var word = tokens.get(from + i).word();
            boolean open = term.openEnd && i == length - 1;
            if (open ? !word.startsWith(wanted) : !word.equals(wanted)) {
                return false;
            }
        }
        return true;
    }
}
