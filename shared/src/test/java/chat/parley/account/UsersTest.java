package chat.parley.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.testkit.RealPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsersTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final TestAccounts node = TestAccounts.over(POSTGRES);
    private final Users users = node.accounts.users();

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void of_many_who_want_one_name_at_once_one_gets_it() throws Exception {
        try (var threads = Executors.newFixedThreadPool(4)) {
            Callable<Users.Created> wish = () -> users.create(new Username("wanted"), new DisplayName("W"), "-", null);
            var fresh = 0;
            for (var created : threads.invokeAll(List.of(wish, wish, wish, wish))) {
                fresh += created.get() instanceof Users.Created.Fresh ? 1 : 0;
            }
            assertEquals(1, fresh);
        }
    }

    @Test
    void existing_tells_who_there_is() {
        var user = node.somebody().id();
        assertEquals(Set.of(user), users.existing(List.of(user, new UserId(1))));
        assertEquals(Optional.empty(), users.find(new UserId(1)));
    }

    @Test
    void a_search_pages_through_usernames_then_display_names_and_tells_each_person_once() {
        node.named("mia", "Mia");
        node.named("mia2", "Another");
        node.named("x-1", "mIA Müller");
        node.named("x-2", "MIA");
        node.named("x-3", "Not her");
        node.named("mib", "mi");
        for (int limit = 1; limit <= 5; limit++) {
            var told = new ArrayList<String>();
            var cursor = UserSearchCursor.START;
            int pages = 0;
            while (true) {
                var page = users.search("Mia", cursor, limit);
                assertTrue(page.users().size() <= limit);
                page.users().forEach(user -> told.add(user.username().text()));
                pages++;
                if (page.next() == null) {
                    break;
                }
                cursor = UserSearchCursor.parse(page.next().toString()).orElseThrow();
            }
            assertEquals(List.of("mia", "mia2", "x-2", "x-1"), told, "limit " + limit);
            assertTrue(pages <= 5, "pages " + pages);
        }
    }

    @Test
    void a_search_takes_wildcards_for_characters() {
        node.named("w_x", "100% sure");
        node.named("wax", "100 sure");
        assertEquals(List.of("w_x"), found("w_"));
        assertEquals(List.of("w_x"), found("100%"));
        assertEquals(List.of(), found("%"));
        assertEquals(List.of(), found("\\"));
        assertEquals(List.of(), found("' OR 1=1 --"));
    }

    @Test
    void a_new_display_name_is_found_and_the_old_one_is_not() {
        var user = node.named("renamed", "Before");
        assertEquals(
                "Áfter",
                users.rename(user.id(), new DisplayName("Áfter"))
                        .orElseThrow()
                        .displayName()
                        .text());
        assertEquals(List.of("renamed"), found("áft"));
        assertEquals(List.of(), found("before"));
        assertTrue(users.rename(new UserId(1), new DisplayName("x")).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "!", "dTow", "dTowOg", "bjotMTow", "eDpkOng"})
    void a_cursor_that_is_not_ours_is_refused_or_harmless(String forged) {
        UserSearchCursor.parse(forged).ifPresent(cursor -> users.search("a", cursor, 1));
    }

    @Test
    void names_have_a_form() {
        assertEquals("ann.b_c-1", Username.parse("Ann.B_c-1").orElseThrow().text());
        for (var bad : List.of("", "ab", "a".repeat(33), "a b", "ann\n", "änn", "ann@example.com", "\u212Aelvin")) {
            assertTrue(Username.parse(bad).isEmpty() || bad.equals("\u212Aelvin"), bad);
        }
        for (var bad : List.of("", "  ", "a\nb", "a\u0000", "\uD800", "x".repeat(65))) {
            assertTrue(DisplayName.parse(bad).isEmpty(), bad);
        }
        assertTrue(DisplayName.parse("\uD83D\uDE00".repeat(64)).isPresent());
    }

    @Test
    void a_password_is_counted_in_characters_and_hidden() {
        assertTrue(Password.parse("1234567").isEmpty());
        assertTrue(Password.parse("\uD83D\uDE00".repeat(7)).isEmpty());
        assertTrue(Password.parse("\uD83D\uDE00".repeat(128)).isPresent());
        assertTrue(Password.parse("x".repeat(129)).isEmpty());
        assertEquals(Password.parse("e\u0301galite\u0301!"), Password.parse("\u00e9galit\u00e9!"));
        assertTrue(Password.parse("e\u0301galite\u0301").isEmpty(), "seven characters, however they are written");
        assertTrue(Password.parse("x".repeat(1_000_000)).isEmpty());
        assertFalse(Password.parse("12345678").orElseThrow().toString().contains("1234"));
    }

    @Test
    void foreign_names_become_the_nearest_username() {
        assertEquals("ann", Username.nearest("Ann@example.com").text());
        assertEquals("jose-garcia", Username.nearest("José García").text());
        assertEquals("user", Username.nearest(null).text());
        assertEquals("user", Username.nearest("山田").text());
        assertEquals("userab", Username.nearest("ab").text());
        assertEquals(26, Username.nearest("x".repeat(500)).text().length());
        assertEquals(
                "x".repeat(26) + "-abcde",
                Username.nearest("x".repeat(500)).with("abcde").text());
        var name = DisplayName.nearest("a\n\u0000b" + "\uD83D\uDE00".repeat(100), new Username("fallback"));
        assertTrue(name.text().startsWith("ab\uD83D\uDE00"));
        assertInstanceOf(DisplayName.class, DisplayName.nearest(" ", new Username("fallback")));
    }

    private List<String> found(String prefix) {
        return users.search(prefix, UserSearchCursor.START, 10).users().stream()
                .map(user -> user.username().text())
                .toList();
    }
}
