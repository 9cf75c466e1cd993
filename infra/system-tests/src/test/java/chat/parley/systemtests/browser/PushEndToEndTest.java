package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.notifier.LocalPushService;
import chat.parley.systemtests.browser.PushedWorker.Shown;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * From what Ann writes to what Ben sees on the screen of a phone that is put away, and back. The push service is ours and decrypts as a browser
 * does; what it decrypted is handed to the browser where its own push service would hand it in.
 */
class PushEndToEndTest {
    @Test
    void a_message_is_seen_while_the_page_is_away_followed_and_taken_back_when_read_elsewhere() throws Exception {
        try (var service = LocalPushService.start();
                var ann = window().signUp("Ann");
                var ben = PushWindow.phone(service.subscribe()).signUp("Ben")) {
            var worker = new PushedWorker(ben);
            turnOn(ben);
            ben.inDialog("Send a test notification").click();
            worker.deliver(received(service, "test", 1));
            worker.awaitTags("test");
            ben.page().keyboard().press("Escape");
            Attention.goesAway(ben.page());
            ben.awaitConnection("resting");

            ann.find(ben);
            ann.send("Are you there? 👋");
            var id = ann.page().url().replaceFirst(".*/", "");
            worker.deliver(received(service, "message", 1));
            worker.awaitTags("test", id);
            assertEquals(
                    List.of(new Shown("Ann", "Are you there? 👋", id, "/#/c/" + id)),
                    worker.shown().stream().filter(one -> one.tag().equals(id)).toList());
            ann.send("Hello?");
            worker.deliver(received(service, "message", 2));
            worker.awaitTags("test", id);

            try (var elsewhere = window().logIn(ben.username())) {
                elsewhere.open("Ann");
                ann.awaitTicks("Hello?", "Seen");
                worker.deliver(received(service, "clear", 1));
                worker.awaitTags("test");
            }

            ann.send("Third time");
            worker.deliver(received(service, "message", 3));
            worker.awaitTags("test", id);
            worker.press(id);
            Attention.comesBack(ben.page());
            ben.awaitLive();
            assertThat(ben.bubble("Third time")).isVisible();
            ann.awaitTicks("Third time", "Seen");
            worker.awaitTags("test");
            assertEquals(List.of(), service.faults());
        }
    }

    private static void turnOn(ChatWindow window) {
        window.page()
                .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Your account"))
                .click();
        window.dialog().getByRole(AriaRole.SWITCH).check();
        assertThat(window.inDialog("Send a test notification")).isVisible();
    }

    /** The plaintext of the {@code number}th push of this type, once it is here. */
    private static String received(LocalPushService service, String type, int number) throws InterruptedException {
        return service
                .awaitUntil(all -> all.stream().filter(one -> isOf(one, type)).count() >= number)
                .stream()
                .filter(one -> isOf(one, type))
                .skip(number - 1L)
                .findFirst()
                .orElseThrow()
                .text();
    }

    private static boolean isOf(LocalPushService.Received push, String type) {
        return push.json().path("type").asText().equals(type);
    }
}
