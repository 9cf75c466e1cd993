package chat.parley.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SearchWordsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                    Hello, world!                 | hel                | [Hello], world!
                    Hello, world!                 | WORLD hello        | [Hello], [world]!
                    Grüße aus Köln                | grusse koln        | [Grüße] aus [Köln]
                    Fuer Mueller                  | mueller            | Fuer [Mueller]
                    Straße                        | STRASSE            | [Straße]
                    Ο Οδυσσέας ήρθε               | ΟΔΥΣΣΕΑΣ           | Ο [Οδυσσέας] ήρθε
                    Ёлка и ещё                    | елка               | [Ёлка] и ещё
                    مُحَمَّد أكل                  | محمد اكل           | [مُحَمَّد] [أكل]
                    שָׁלוֹם                       | שלום               | [שָׁלוֹם]
                    İstanbul'da                   | istanbul           | [İstanbul]'da
                    Đặng Łódź Ærø                 | dang lodz aero     | [Đặng] [Łódź] [Ærø]
                    ｆｕｌｌ ｗｉｄｔｈ１         | full width1        | [ｆｕｌｌ] [ｗｉｄｔｈ１]
                    e\u0301te\u0301               | été                | [e\u0301te\u0301]
                    co\u00ADop                    | coop               | [co\u00ADop]
                    我明天去北京大学              | 北京               | 我明天去[北京]大学
                    我明天去北京大学              | 京                 | 我明天去北[京]大学
                    我明天去北京大学              | 学                 | 我明天去北京大[学]
                    日本語を勉強する              | 勉強               | 日本語を[勉強]する
                    コンピューター                | ピュータ           | コン[ピュータ]ー
                    ｺﾝﾋﾟｭｰﾀ                       | コンピュータ       | [ｺﾝﾋﾟｭｰﾀ]
                    ฉันกินข้าวแล้ว                | ข้าว               | ฉันกิน[ข้าว]แล้ว
                    한국어를 배워요               | 한국               | [한국어를] 배워요
                    한국어를 배워요               | 한국 배            | [한국어를] [배워요]
                    हिन्दी में                    | हिन्दी             | [हिन्दी] में
                    well done 👍🏽 you             | 👍                 | well done [👍🏽] you
                    iPhone手机壳                  | iphone手机         | [iPhone手机]壳
                    see report-final.pdf now      | report-final.pdf   | see [report-final.pdf] now
                    at 2026-11-22                 | 2026-11            | at [2026-11]-22
                    one two three                 | ~"two three"~      | one [two three]
                    one two three                 | ~"TWO  THREE~      | one [two three]
                    a b a                         | a                  | [a] b [a]
                    don’t do it                   | don't              | [don’t] do it
                    """)
    void finds(String text, String typed, String marked) {
        assertEquals(marked, marked(text, typed));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                    Hello, world!    | world hellos
                    Hello, world!    | hello wor d
                    hel lo           | hello
                    hello            | h
                    Hello there      | hel the x
                    Hello there      | ~"there hello"~
                    Hello there      | ~"hel"~
                    Hello there      | hel there
                    北京大学         | 京北
                    北京 大学        | 京大
                    ข้าว             | ขาว
                    かき             | がき
                    👍               | 👎
                    """)
    void does_not_find(String text, String typed) {
        assertEquals("nothing", marked(text, typed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"!", "& | ! ( )", "\"\"", "\"", ":*", "' '", "\u200d", "\u0301", "***", "<->"})
    void signs_alone_are_no_words(String typed) {
        var bad = assertInstanceOf(SearchWords.Parsed.Bad.class, SearchWords.parse(typed));
        assertEquals(SearchWords.Complaint.NO_WORDS, bad.complaint());
    }

    @Test
    void ten_words_are_enough_and_a_run_without_blanks_is_one() {
        assertInstanceOf(SearchWords.Parsed.Fine.class, SearchWords.parse("a b c d e f g h i j"));
        assertInstanceOf(SearchWords.Parsed.Bad.class, SearchWords.parse("a b c d e f g h i j k"));
        assertInstanceOf(SearchWords.Parsed.Bad.class, SearchWords.parse("a-b-c-d-e-f-g-h-i-j-k"));
        assertInstanceOf(SearchWords.Parsed.Fine.class, SearchWords.parse("汉".repeat(200)));
    }

    @Test
    void a_long_text_is_shortened_around_the_first_match_without_tearing_characters() {
        var text = "😀 ".repeat(200) + "needle " + "hay 😀".repeat(200);
        var snippet = snippet(text, "needle");
        var shown = snippet.parts().stream().map(Snippet.Part::text).collect(Collectors.joining());
        assertEquals("…", snippet.parts().getFirst().text());
        assertEquals("…", snippet.parts().getLast().text());
        assertEquals(true, text.contains(shown.substring(1, shown.length() - 1)));
        assertEquals(true, shown.length() < 240, shown);
        assertEquals(
                -1,
                shown.codePoints()
                        .filter(c -> c >= 0xD800 && c <= 0xDFFF)
                        .findAny()
                        .orElse(-1));
    }

    @Test
    void a_deleted_message_and_a_notice_say_nothing() {
        var words = words("hello");
        var deleted = new MessageState(2, null, null, Instant.EPOCH, Instant.EPOCH);
        assertEquals(true, words.in(message(MessageBody.text("hello"), deleted)).isEmpty());
        var notice =
                new MessageBody(MessageBody.Type.SYSTEM, "hello", null, null, List.of(), null, "{\"kind\":\"hello\"}");
        assertEquals(true, words.in(message(notice, MessageState.NEW)).isEmpty());
    }

    @Test
    void the_names_of_files_are_found_too() {
        var body = new MessageBody(
                MessageBody.Type.FILE,
                "see there",
                "[{\"id\":\"1\",\"name\":\"Budget 2027.xlsx\"}]",
                null,
                List.of(),
                null,
                null);
        var found = words("budget").in(message(body, MessageState.NEW)).orElseThrow();
        assertEquals("[Budget] 2027.xlsx", marked(found));
        var both = words("there budget").in(message(body, MessageState.NEW)).orElseThrow();
        assertEquals("see [there]", marked(both));
        assertEquals(
                true,
                words("\"there budget\"").in(message(body, MessageState.NEW)).isEmpty());
    }

    private static String marked(String text, String typed) {
        return words(typed)
                .in(message(MessageBody.text(text), MessageState.NEW))
                .map(SearchWordsTest::marked)
                .orElse("nothing");
    }

    private static String marked(Snippet snippet) {
        return snippet.parts().stream()
                .map(part -> part.match() ? "[" + part.text() + "]" : part.text())
                .collect(Collectors.joining());
    }

    private static Snippet snippet(String text, String typed) {
        return words(typed)
                .in(message(MessageBody.text(text), MessageState.NEW))
                .orElseThrow();
    }

    private static SearchWords words(String typed) {
        return assertInstanceOf(SearchWords.Parsed.Fine.class, SearchWords.parse(typed))
                .words();
    }

    private static Message message(MessageBody body, MessageState state) {
        return new Message(new ConversationId(1), 1, new UserId(1), "key", body, Instant.EPOCH, state);
    }
}
