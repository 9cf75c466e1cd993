package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Messages are found by their words, and shown where they were said. */
class MessageSearchTest {
    @Test
    void a_word_from_long_ago_is_found_marked_and_jumped_to() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("Meet me at the Lighthouse");
            ann.awaitState("Meet me at the Lighthouse", "sent");
            ann.say(IntStream.rangeClosed(1, 120).mapToObj(n -> "filler " + n).toList());
            ben.open("Ann");
            assertThat(ben.bubble("filler 120")).isVisible();
            ben.page().keyboard().press("Escape");

            ben.button("Search messages").click();
            awaitHits(ben, "light", 1);
            assertThat(hits(ben).locator("mark")).hasText("Lighthouse");
            assertThat(hits(ben)).containsText("Ann in Ann");
            hits(ben).getByText("Meet me").click();
            assertThat(ben.bubble("Meet me at the Lighthouse")).isInViewport();
            assertThat(ben.message("Meet me at the Lighthouse")).isFocused();

            ben.button("Search this conversation").click();
            ben.dialog().getByLabel("Words to look for").fill("no such words");
            assertThat(ben.dialog().getByText("Nothing found.")).isVisible();
            ben.page().keyboard().press("Escape");
            ben.page().keyboard().press("Escape");
            ben.button("To the newest ↓").click();
            assertThat(ben.bubble("filler 120")).isInViewport();
        }
    }

    /** The index follows within seconds: asks again until it has the message. */
    private static void awaitHits(ChatWindow window, String words, int count) {
        var input = window.dialog().getByLabel("Words to look for");
        Awaitility.await().until(() -> {
            input.fill("");
            var answer = window.page().waitForResponse("**/search/messages*", () -> input.fill(words));
            return answer.text().contains("\"message\"");
        });
        assertThat(hits(window)).hasCount(count);
    }

    private static Locator hits(ChatWindow window) {
        return window.dialog().locator(".hit");
    }
}
