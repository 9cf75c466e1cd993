package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.browser.PushedWorker.Shown;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Being told of messages while the page is away: asked for at a fitting moment, said truly, and taken back. */
class NotificationsTest {
    private static final String OFFER = "Be told of new messages when this page is closed";
    private static final String SWITCH = "Tell me of new messages when this page is closed";
    private static final Duration BEYOND_A_MONTH = Duration.ofDays(31);

    /** Longer than somebody only looks something up elsewhere. */
    private static final int AWAY_MS = 11_000;

    private static final String DEVICES = """
            async () => (await (await fetch('/v1/devices')).json()).items.map((one) => `${one.vendor} ${one.state}`).join()
            """;

    @Test
    void the_first_message_brings_the_offer_and_a_press_turns_notifications_on_for_good() {
        try (var ann = PushWindow.open().signUp("Ann");
                var ben = window().signUp("Ben")) {
            new PushedWorker(ann);
            ann.find(ben);
            assertThat(offer(ann)).isHidden();
            ann.send("Ahoy");
            assertThat(offer(ann)).containsText(OFFER);
            ann.button("Turn on").click();
            assertThat(offer(ann)).isHidden();
            assertThat(ann.composer()).isFocused();
            assertEquals("web_push foreground", devices(ann));

            ann.page().reload();
            ann.awaitLive();
            ann.send("Ahoy again");
            ann.awaitTicks("Ahoy again", "Delivered");
            assertThat(offer(ann)).isHidden();
            assertThat(switchOf(ann)).isChecked();
            assertEquals("web_push foreground", devices(ann));

            switchOf(ann).uncheck();
            assertThat(ann.dialog().getByText("Send a test notification")).isHidden();
            ann.page().waitForCondition(() -> devices(ann).isEmpty());
            assertEquals("0", workers(ann));
        }
    }

    @Test
    void who_does_not_want_them_now_is_left_alone_for_a_month() {
        try (var ann = PushWindow.open().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ann.button("Not now").click();
            assertThat(offer(ann)).isHidden();
            ann.page().reload();
            ann.send("two");
            ann.awaitTicks("two", "Delivered");
            assertThat(offer(ann)).isHidden();
            ann.page().clock().setFixedTime(Date.from(Instant.now().plus(BEYOND_A_MONTH)));
            ann.page().reload();
            ann.send("three");
            assertThat(offer(ann)).isVisible();
        }
    }

    @Test
    void a_refusal_is_said_with_the_way_out_and_taking_it_back_shows_at_once() {
        try (var ann = PushWindow.open().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ann.button("Turn on").click(); // A browser without a person answers its question with no.
            assertThat(offer(ann)).containsText("Notifications are blocked here.");
            ann.button("Close").click();
            assertThat(offer(ann)).isHidden();
            assertThat(switchOf(ann)).isDisabled();
            assertThat(ann.dialog().getByText("Notifications are blocked here."))
                    .isVisible();
            assertEquals("0", workers(ann));

            ann.page().context().grantPermissions(List.of("notifications"));
            assertThat(switchOf(ann)).isEnabled();
            switchOf(ann).check();
            assertThat(inDialog(ann, "Send a test notification")).isVisible();
            assertEquals("web_push foreground", devices(ann));

            ann.page().context().clearPermissions();
            assertThat(switchOf(ann)).not().isChecked();
            ann.page().waitForCondition(() -> devices(ann).isEmpty());
            ann.page().waitForCondition(() -> workers(ann).equals("0"));
            assertEquals("", subscription(ann));
        }
    }

    @Test
    void a_browser_that_cannot_receive_says_so() {
        var impossible = "This browser cannot receive notifications here";
        try (var ann = window().pushIsOutOfReach().signUp("Ann");
                var ben = window(new Browser.NewContextOptions(), "delete window.PushManager;")
                        .signUp("Ben")) {
            new PushedWorker(ann);
            ann.find(ben);
            ann.send("one");
            ann.button("Turn on").click();
            assertThat(offer(ann)).containsText(impossible);
            ann.button("Close").click();
            assertThat(switchOf(ann)).isDisabled();
            assertThat(ann.dialog().getByText(impossible)).isVisible();
            assertEquals("0", workers(ann));
            assertEquals("", devices(ann));

            ben.find(ann);
            ben.send("two");
            ben.awaitTicks("two", "Seen");
            assertThat(offer(ben)).isHidden();
            assertThat(switchOf(ben)).isDisabled();
            assertThat(ben.dialog().getByText(impossible)).isVisible();
        }
    }

    @Test
    void logging_out_leaves_nothing_behind() {
        try (var ann = PushWindow.open().signUp("Ann")) {
            var worker = new PushedWorker(ann);
            turnOn(ann);
            worker.deliver("{\"type\":\"message\",\"title\":\"Ben\",\"url\":\"/#/\"}");
            worker.awaitShown(new Shown("Ben", "", "new", "/#/"));
            ann.inDialog("Log out").click();
            assertThat(ann.button("Log in").first()).isVisible();
            ann.page().waitForCondition(() -> workers(ann).equals("0"));
            assertEquals("", ann.page().evaluate("localStorage.getItem('test.subscription') ?? ''"));
            ann.logIn(ann.username());
            assertEquals("", devices(ann));
        }
    }

    @Test
    void nothing_of_whose_session_ended_by_itself_stays_for_the_next_person() {
        try (var ben = window().signUp("Ben");
                var ann = PushWindow.open().signUp("Ann").requestsMayFail()) {
            var worker = new PushedWorker(ann);
            turnOn(ann);
            worker.deliver("{\"type\":\"message\",\"title\":\"Cleo\",\"url\":\"/#/\"}");
            worker.awaitShown(new Shown("Cleo", "", "new", "/#/"));
            ann.page().context().clearCookies();
            ann.page().reload();
            assertThat(ann.button("Log in").first()).isVisible();
            worker.awaitShown();
            assertEquals("1", workers(ann));

            ann.logIn(ben.username());
            ann.page().waitForCondition(() -> workers(ann).equals("0"));
            assertEquals("", subscription(ann));
            assertEquals("", devices(ann));
        }
    }

    @Test
    void turning_it_off_holds_also_while_the_page_registers_again() {
        try (var ann = PushWindow.open().signUp("Ann")) {
            new PushedWorker(ann);
            turnOn(ann);
            var held = new ArrayList<Route>();
            ann.page().route("**/v1/devices/*", route -> {
                if (route.request().method().equals("PUT")) held.add(route);
                else route.resume();
            });
            ann.page().reload();
            ann.page().waitForCondition(() -> held.size() == 1);
            switchOf(ann).uncheck();
            ann.page().waitForCondition(() -> devices(ann).isEmpty());
            var removed = ann.page()
                    .waitForResponse(
                            response -> response.request().method().equals("DELETE"),
                            () -> held.getFirst().resume());
            assertEquals(204, removed.status());
            assertEquals("", devices(ann));
            assertThat(switchOf(ann)).not().isChecked();
            assertEquals("0", workers(ann));
        }
    }

    @Test
    void a_phone_that_is_put_away_rests_and_comes_back_without_a_gap() {
        var phone = new Browser.NewContextOptions()
                .setViewportSize(390, 760)
                .setHasTouch(true)
                .setIsMobile(true);
        try (var ann = window().signUp("Ann");
                var ben = PushWindow.open(phone).signUp("Ben")) {
            new PushedWorker(ben);
            turnOn(ben);
            ben.page().keyboard().press("Escape");
            Attention.goesAway(ben.page());
            ben.awaitConnection("resting");
            ben.page().waitForCondition(() -> devices(ben).equals("web_push background"));
            ann.find(ben);
            ann.send("Are you there?");
            ann.awaitTicks("Are you there?", "Sent");
            Attention.comesBack(ben.page());
            ben.awaitLive();
            assertThat(ben.conversation("Ann")).containsText("Are you there?");
            ben.page().waitForCondition(() -> devices(ben).equals("web_push foreground"));
        }
    }

    @Test
    void without_notifications_a_page_that_nobody_looks_at_says_so_on_its_stream_and_misses_nothing() {
        var phone = new Browser.NewContextOptions()
                .setViewportSize(390, 760)
                .setHasTouch(true)
                .setIsMobile(true);
        try (var ann = window().signUp("Ann");
                var ben = window(phone).signUp("Ben")) {
            ann.find(ben);
            ann.send("Ahoy");
            ann.awaitTicks("Ahoy", "Delivered");
            var streams = new ArrayList<String>();
            ben.page().onRequest(request -> {
                if (request.url().contains("/v1/stream?")) streams.add(request.url());
            });
            Attention.goesAway(ben.page());
            ben.page().waitForCondition(() -> streams.size() == 1);
            assertTrue(streams.getFirst().contains("class=idle"), streams::toString);
            assertTrue(streams.getFirst().contains("last_event_id="), streams::toString);
            ben.awaitLive();
            ann.send("Are you there?");
            assertThat(ben.conversation("Ann")).containsText("Are you there?");

            Attention.comesBack(ben.page());
            ben.page().waitForCondition(() -> streams.size() == 2);
            assertFalse(streams.getLast().contains("class="), streams::toString);
            assertTrue(streams.getLast().contains("last_event_id="), streams::toString);
            ben.awaitLive();
        }
    }

    @Test
    void only_the_last_of_two_windows_sends_the_browser_into_the_background() {
        try (var ann = PushWindow.open().signUp("Ann")) {
            new PushedWorker(ann);
            turnOn(ann);
            var first = ann.page();
            var second = first.context().newPage();
            second.navigate("/");
            assertThat(second.locator("body")).hasAttribute("data-connection", "live");
            first.clock().install();
            second.clock().install();

            leave(first);
            assertThat(first.locator("body")).hasAttribute("data-connection", "resting");
            assertEquals("web_push foreground", devices(ann));
            leave(second);
            second.waitForCondition(() -> devices(ann).equals("web_push background"));
            Attention.comesBack(first);
            ann.awaitLive();
            first.clock().fastForward(2_000);
            first.waitForCondition(() -> devices(ann).equals("web_push foreground"));
            second.close();
            assertEquals("web_push foreground", devices(ann));

            var third = first.context().newPage();
            third.navigate("/");
            assertThat(third.locator("body")).hasAttribute("data-connection", "live");
            leave(first);
            assertThat(first.locator("body")).hasAttribute("data-connection", "resting");
            third.navigate("about:blank"); // As when it is closed: only the beacon is left to say so.
            first.waitForCondition(() -> devices(ann).equals("web_push background"));
        }
    }

    @Test
    void what_is_read_is_not_shown_any_more_wherever_it_was_read() {
        try (var ann = window().signUp("Ann");
                var ben = PushWindow.open().signUp("Ben");
                var phone = window().logIn(ben.username())) {
            var worker = new PushedWorker(ben);
            turnOn(ben);
            ben.page().keyboard().press("Escape");
            ann.find(ben);
            ann.send("one");
            ann.awaitTicks("one", "Delivered");
            var id = conversationId(ann);
            var shown = new Shown("Ann", "one", id, "/#/c/" + id);
            worker.deliver(message(id, 1, "one"));
            worker.awaitShown(shown);
            ben.open("Ann");
            worker.awaitShown();

            ben.composer().press("Escape");
            ann.send("two");
            ann.awaitTicks("two", "Delivered");
            worker.deliver(message(id, 2, "two"));
            worker.awaitShown(new Shown("Ann", "two", id, "/#/c/" + id));
            phone.open("Ann");
            worker.awaitShown();
        }
    }

    @Test
    void quiet_hours_and_previews_are_kept_for_all_devices() {
        try (var ann = window().signUp("Ann");
                var phone = window().logIn(ann.username())) {
            openPreferences(ann);
            assertThat(ann.dialog().getByLabel("Show who and what in notifications"))
                    .isChecked();
            ann.dialog().getByLabel("Show who and what in notifications").uncheck();
            ann.dialog().getByLabel("Quiet hours").check();
            ann.dialog().getByLabel("From").fill("21:30");
            ann.dialog().getByLabel("To").fill("21:30");
            ann.inDialog("Save").click();
            assertThat(ann.dialog().getByText("Choose two different times.")).isVisible();
            ann.dialog().getByLabel("To").fill("06:15");
            ann.inDialog("Save").click();
            assertThat(ann.page().getByText("Saved.")).isVisible();

            openPreferences(phone);
            assertThat(phone.dialog().getByLabel("From")).hasValue("21:30");
            assertThat(phone.dialog().getByLabel("To")).hasValue("06:15");
            assertThat(phone.dialog().getByLabel("Show who and what in notifications"))
                    .not()
                    .isChecked();
            phone.dialog().getByLabel("Quiet hours").uncheck();
            phone.inDialog("Save").click();
            assertThat(phone.page().getByText("Saved.")).isVisible();
            ann.page().reload();
            openPreferences(ann);
            assertThat(ann.dialog().getByLabel("Quiet hours")).not().isChecked();
        }
    }

    @Test
    void a_subscription_is_made_anew_for_another_key_and_when_the_browser_took_it_back() {
        try (var ann = PushWindow.open().signUp("Ann")) {
            var worker = new PushedWorker(ann);
            turnOn(ann);
            var made = subscription(ann);
            ann.page().reload();
            ann.awaitLive();
            assertEquals(made, subscription(ann));
            ann.page().evaluate("localStorage.setItem('test.subscription', 'BAAA')");
            ann.page().reload();
            ann.page().waitForCondition(() -> subscription(ann).equals(made));

            var before = registeredAt(ann);
            worker.evaluate("""
                    (async () => {
                      const change = new Event('pushsubscriptionchange');
                      let work;
                      change.waitUntil = (promise) => (work = promise);
                      change.newSubscription = {toJSON: () => (%s)};
                      self.dispatchEvent(change);
                      await work;
                    })()
                    """.formatted(ann.page().evaluate("localStorage.getItem('test.made')")));
            assertNotEquals(before, registeredAt(ann));
            assertEquals("web_push foreground", devices(ann));
        }
    }

    private static String registeredAt(ChatWindow window) {
        return (String) window.page()
                .evaluate("async () => (await (await fetch('/v1/devices')).json()).items[0].registered_at");
    }

    private static void leave(Page page) {
        Attention.goesAway(page);
        page.clock().fastForward(AWAY_MS);
    }

    private static void turnOn(ChatWindow window) {
        switchOf(window).check();
        assertThat(inDialog(window, "Send a test notification")).isVisible();
    }

    private static Locator switchOf(ChatWindow window) {
        if (!window.dialog().isVisible())
            window.page()
                    .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Your account"))
                    .click();
        return window.dialog().getByRole(AriaRole.SWITCH, new Locator.GetByRoleOptions().setName(SWITCH));
    }

    private static void openPreferences(ChatWindow window) {
        assertTrue(switchOf(window).isVisible());
        window.dialog().getByText("When, and how much").click();
        assertThat(window.inDialog("Save")).isVisible();
    }

    private static Locator inDialog(ChatWindow window, String button) {
        return window.inDialog(button);
    }

    private static Locator offer(ChatWindow window) {
        return window.page().locator(".push-offer");
    }

    private static String devices(ChatWindow window) {
        return (String) window.page().evaluate(DEVICES);
    }

    private static String workers(ChatWindow window) {
        return String.valueOf(
                window.page().evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length"));
    }

    private static String subscription(ChatWindow window) {
        return (String) window.page().evaluate("localStorage.getItem('test.subscription') ?? ''");
    }

    private static String conversationId(ChatWindow window) {
        var url = window.page().url();
        return url.substring(url.lastIndexOf('/') + 1);
    }

    private static String message(String conversation, int seq, String body) {
        return """
                {"type":"message","conversation_id":"%s","seq":%d,"badge":1,"url":"/#/c/%s","title":"Ann","body":"%s"}
                """.formatted(conversation, seq, conversation, body);
    }
}
