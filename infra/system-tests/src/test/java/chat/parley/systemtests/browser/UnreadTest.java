package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import org.junit.jupiter.api.Test;

/** What was received and read, on all devices of a person and in the windows of those who wrote it. */
class UnreadTest {
    private static final String RECEIPTS = "**/v1/receipts";

    @Test
    void what_is_read_on_one_device_is_read_on_all_and_the_sender_sees_it() {
        try (var ann = window().signUp("Ann");
                var desk = window().signUp("Ben");
                var phone = window().logIn(desk.username())) {
            ann.find(desk);
            ann.send("one");
            ann.awaitTicks("one", "Delivered");
            ann.send("two");
            assertThat(desk.page()).hasTitle("(2) Parley");
            assertThat(phone.page()).hasTitle("(2) Parley");
            assertThat(phone.conversation("Ann")).containsText("2 unread");

            desk.open("Ann");
            assertThat(desk.page().getByText("New", new Page.GetByTextOptions().setExact(true)))
                    .isVisible();
            assertThat(phone.page()).hasTitle("Parley");
            ann.awaitTicks("two", "Seen");
            phone.page().reload();
            assertThat(phone.conversation("Ann")).isVisible();
            assertThat(phone.page()).hasTitle("Parley");
        }
    }

    @Test
    void a_mark_that_did_not_reach_the_server_leaves_after_a_reload() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben").requestsMayFail()) {
            ann.find(ben);
            ann.send("one");
            ann.awaitTicks("one", "Delivered");
            ben.page().route(RECEIPTS, route -> route.abort());
            ben.open("Ann");
            ben.awaitTexts("one");
            assertThat(ben.page()).hasTitle("Ann · Parley");
            ben.page().unroute(RECEIPTS);
            ben.page().navigate("about:blank");
            ben.page().goBack();
            ann.awaitTicks("one", "Seen");
        }
    }

    @Test
    void a_group_tells_how_many_have_seen_a_message_and_who() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben");
                var cleo = window().signUp("Cleo")) {
            ann.makeGroup("Galley", ben, cleo);
            ann.send("soup");
            ann.awaitTicks("soup", "Delivered");
            ben.open("Galley");
            ann.awaitTicks("soup", "Seen by 1");
            ann.choose("soup", "Seen by");
            assertThat(ann.dialog().getByText("Seen by 1 of 2, received by 2.")).isVisible();
            assertThat(ann.dialog().getByRole(AriaRole.LISTITEM)).hasText(new String[] {"Ben", "Cleo"});
            ann.page().keyboard().press("Escape");
            cleo.open("Galley");
            ann.awaitTicks("soup", "Seen by all");
        }
    }
}
