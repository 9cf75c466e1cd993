package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Locator;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is there, and who is writing. */
class WhoIsThereTest {
    /** As fast as people type; longer than the pause between two tellings. */
    private static final Locator.PressSequentiallyOptions SLOWLY = new Locator.PressSequentiallyOptions().setDelay(180);

    @Test
    void typing_shows_in_the_other_windows_and_ends_with_the_message_or_with_silence() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ben.open("Ann");
            var told = new AtomicInteger();
            ann.page().onRequest(request -> {
                if (request.url().endsWith("/typing")) told.incrementAndGet();
            });
            ann.composer().pressSequentially("I am writing some words", SLOWLY);
            assertThat(ben.page().getByText("Ann is writing…")).isVisible();
            assertTrue(told.get() <= 3, () -> told + " calls for one sentence");
            ann.composer().press("Enter");
            assertThat(ben.bubble("I am writing some words")).isVisible();
            assertThat(ben.page().getByText("Ann is writing…")).hasCount(0);

            ben.page().keyboard().press("Escape");
            ann.composer().pressSequentially("and then some more words", SLOWLY);
            assertThat(ben.conversation("Ann")).containsText("Ann is writing…");
            assertThat(ben.conversation("Ann")).not().containsText("Ann is writing…");
        }
    }

    @Test
    void coming_and_a_chosen_status_show_in_the_list_the_heading_and_among_members() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("hello");
            assertThat(ann.conversation("Ben")).containsText("online");
            assertThat(ann.page().getByText("@" + ben.username() + " · Online")).isVisible();

            ben.button("Your account, Ben").click();
            ben.dialog().getByLabel("Away").check();
            ben.dialog().getByLabel("A few words about now").fill("At lunch");
            ben.inDialog("Save status").click();
            assertThat(ann.page().getByText("@" + ben.username() + " · Away · At lunch"))
                    .isVisible();
            assertThat(ann.conversation("Ben")).containsText("away");

            ann.makeGroup("Galley", ben);
            ann.button("Members").click();
            assertThat(ann.dialog().getByText("away")).hasCount(1);
            ben.page().reload();
            ben.button("Your account, Ben").click();
            assertThat(ben.dialog().getByLabel("Away")).isChecked();
            assertThat(ben.dialog().getByLabel("A few words about now")).hasValue("At lunch");
        }
    }
}
