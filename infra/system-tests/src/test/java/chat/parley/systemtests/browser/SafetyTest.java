package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import org.junit.jupiter.api.Test;

/** Being left in peace: blocks, quiet conversations, reports. */
class SafetyTest {
    @Test
    void who_is_blocked_cannot_write_and_is_told_so_beside_the_message() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben").requestsMayFail()) {
            ann.find(ben);
            ann.send("hello");
            ben.open("Ann");
            ann.button("About").click();
            ann.inDialog("Block").click();
            assertThat(ann.inDialog("Unblock")).isVisible();
            ben.send("are you there?");
            ben.awaitState("are you there?", "failed");
            ann.inDialog("Unblock").click();
            assertThat(ann.inDialog("Block")).isVisible();
            ben.button("Retry").click();
            assertThat(ann.bubble("are you there?")).isVisible();
        }
    }

    @Test
    void a_quiet_conversation_does_not_call() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ben.open("Ann");
            ben.button("About").click();
            ben.dialog().getByLabel("Notify me of").selectOption("Nothing");
            ben.page().keyboard().press("Escape");
            ben.page().keyboard().press("Escape");
            ann.send("two");
            assertThat(ben.conversation("Ann")).containsText("1 unread");
            assertThat(ben.page()).hasTitle("Parley");
            ben.page().reload();
            assertThat(ben.conversation("Ann")).containsText("1 unread");
            assertThat(ben.page()).hasTitle("Parley");
        }
    }

    @Test
    void a_reported_message_reaches_the_admins_who_settle_it() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben");
                var cleo = window().signUp("Cleo")) {
            ann.makeGroup("Galley " + ann.username(), ben, cleo);
            ann.send("welcome");
            ben.open("Galley");
            ben.send("buy my rope");
            cleo.open("Galley");
            cleo.choose("buy my rope", "Report");
            cleo.dialog().getByLabel("It is spam").check();
            cleo.dialog().getByLabel("What should they know?").fill("the third time");
            cleo.inDialog("Report").click();
            assertThat(cleo.dialog()).hasCount(0);

            ann.button("Members").click();
            ann.dialog().getByText("Reports").click();
            assertThat(ann.dialog().getByText("Reported once. It is spam: the third time"))
                    .isVisible();
            ann.inDialog("Settled").click();
            assertThat(ann.dialog().getByText("Nothing was reported.")).isVisible();
        }
    }
}
