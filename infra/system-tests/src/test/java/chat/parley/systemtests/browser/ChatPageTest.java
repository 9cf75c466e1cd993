package chat.parley.systemtests.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What people do in front of the page, with everything behind it real. */
class ChatPageTest {
    private static final String SENDS = "**/messages";
    private static final Pattern UNNAMED_CONTROL =
            Pattern.compile("^\\s*- (button|link|textbox|searchbox|dialog|navigation|img)(:|\\s*\\[|$)");

    /** What a network and a busy server may do to live frames, done to every one of them. */
    private static final String TROUBLED_STREAM = """
            window.EventSource = class extends EventSource {
              constructor(address) {
                super(address);
                window.troubledStream = this;
              }
              addEventListener(type, listener) {
                super.addEventListener(type, (frame) => {
                  if (type === 'message.created' && frame.data.includes(', lost')) return;
                  const deliver = () => (listener(frame), listener(frame));
                  if (type === 'message.created' && frame.data.includes(', late')) setTimeout(deliver, 300);
                  else deliver();
                });
              }
            };
            """;

    private static ChatWindow window() {
        return SharedBrowser.window();
    }

    private static ChatWindow window(Browser.NewContextOptions options) {
        return SharedBrowser.window(options);
    }

    private static ChatWindow window(String scriptBeforeThePage) {
        return SharedBrowser.window(new Browser.NewContextOptions(), scriptBeforeThePage);
    }

    @Test
    void two_windows_chat_live_and_see_one_order() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("Hello Ben");
            assertThat(ben.conversation("Ann")).containsText("Hello Ben");
            assertThat(ben.page()).hasTitle("(1) Parley");

            ben.open("Ann");
            ben.awaitTexts("Hello Ben");
            assertThat(ben.page()).hasTitle("Ann · Parley");
            ben.send("Hello Ann");
            ben.send("How is the weather?");
            ann.awaitTexts("Hello Ben", "Hello Ann", "How is the weather?");
            ann.send("<b>Fine</b> & dry: https://example.org/sky?q=1. سلام 👋");
            ben.awaitTexts(
                    "Hello Ben",
                    "Hello Ann",
                    "How is the weather?",
                    "<b>Fine</b> & dry: https://example.org/sky?q=1. سلام 👋");
            assertThat(ben.bubbles().getByRole(AriaRole.LINK)).hasAttribute("href", "https://example.org/sky?q=1");
            ann.awaitState("Hello Ben", "sent");
        }
    }

    @Test
    void what_is_written_offline_leaves_on_return_and_what_was_missed_arrives() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("before");
            ben.open("Ann");

            ann.offline(true);
            ann.awaitConnection("offline");
            assertThat(ann.page().getByText("You are offline.")).isVisible();
            ann.send("written offline");
            ann.awaitState("written offline", "waiting");
            ben.send("meanwhile");
            ben.awaitState("meanwhile", "sent");
            ann.offline(false);

            ann.awaitLive();
            ben.awaitTexts("before", "meanwhile", "written offline");
            ann.awaitTexts("before", "meanwhile", "written offline");
            ann.awaitState("written offline", "sent");
        }
    }

    @Test
    void a_failed_message_is_sent_again_under_the_same_id() {
        try (var ann = window().signUp("Ann").requestsMayFail();
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            var sent = new ArrayList<String>();
            ann.page().route(SENDS, route -> {
                if (isSend(route)) sent.add(clientMessageId(route));
                if (sent.size() == 1) refuse(route);
                else route.resume();
            });

            ann.send("try again");
            ann.awaitState("try again", "failed");
            ann.send("and this one");
            ann.button("Retry").click();

            ben.open("Ann");
            ben.awaitTexts("and this one", "try again");
            ann.awaitTexts("and this one", "try again");
            assertEquals(sent.get(0), sent.get(2), "a retry must repeat the client_message_id");
        }
    }

    @Test
    void a_reload_in_the_middle_loses_neither_the_draft_nor_what_was_not_sent() {
        try (var ann = window().signUp("Ann").requestsMayFail();
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ann.awaitState("one", "sent");
            var lost = new AtomicInteger();
            ann.page().route(SENDS, route -> {
                if (isSend(route)) {
                    lost.incrementAndGet();
                    route.abort();
                } else route.resume();
            });
            ann.send("two, without a network");
            ann.awaitState("two, without a network", "sending");
            ann.composer().fill("half a thou");
            ann.page().unroute(SENDS);

            ann.page().reload();

            ann.awaitTexts("one", "two, without a network");
            assertThat(ann.composer()).hasValue("half a thou");
            ann.awaitState("two, without a network", "sent");
            ben.open("Ann");
            ben.awaitTexts("one", "two, without a network");
            assertTrue(lost.get() > 0);
        }
    }

    @Test
    void two_hundred_messages_load_while_scrolling_up_and_the_place_is_kept() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.say(IntStream.rangeClosed(1, 100).mapToObj(n -> "message " + n).toList());
            ben.open("Ann");
            ben.say(IntStream.rangeClosed(101, 200)
                    .mapToObj(n -> "message " + n)
                    .toList());
            assertThat(ann.bubble("message 200")).isVisible();

            ann.page().reload();
            assertThat(ann.bubble("message 200")).isInViewport();
            assertTrue(ann.bubbles().count() < 200, "all of history was loaded at once");

            var scroller = ann.page().getByLabel("Message history");
            for (int shown = ann.bubbles().count();
                    shown < 200;
                    shown = ann.bubbles().count()) {
                var oldest = ann.oldestMessage();
                scroller.evaluate("scroller => scroller.scrollTop = 0");
                assertThat(ann.bubbles()).not().hasCount(shown);
                assertThat(ann.page().locator("[data-seq='" + oldest + "']")).isInViewport();
            }
            assertEquals(
                    IntStream.rangeClosed(1, 200).mapToObj(n -> "message " + n).toList(),
                    ann.bubbles().allTextContents());
            scroller.evaluate("scroller => scroller.scrollTop = 0");
            assertThat(ann.bubble("message 1")).isInViewport();

            ben.send("message 201");
            assertThat(ann.page().getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("1 new")))
                    .isVisible();
            assertThat(ann.bubble("message 1")).isInViewport();
        }
    }

    @Test
    void frames_that_are_lost_doubled_or_late_still_give_one_order_and_a_reset_reloads() {
        try (var ann = window().signUp("Ann");
                var ben = window(TROUBLED_STREAM).signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ben.open("Ann");
            ben.awaitTexts("one");
            ann.say(List.of("two, lost", "three", "four, late", "five"));
            ben.awaitTexts("one", "two, lost", "three", "four, late", "five");

            ann.send("six, lost");
            ann.awaitState("six, lost", "sent");
            ben.page().evaluate("troubledStream.dispatchEvent(new MessageEvent('stream.reset', {data: '{}'}))");
            assertThat(ben.bubble("six, lost")).isVisible();
        }
    }

    @Test
    void three_people_share_a_group_that_is_renamed_and_left() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben");
                var cleo = window().signUp("Cleo")) {
            ann.button("New group").click();
            var box = ann.page().getByRole(AriaRole.DIALOG);
            box.getByLabel("Name of the group").fill("Harbour crew");
            for (var person : List.of(ben, cleo)) {
                box.getByLabel("Add people").fill(person.username());
                box.getByText("@" + person.username()).click();
            }
            box.getByText("Create group").click();
            assertThat(ann.page().getByText("3 members")).isVisible();
            ann.send("Hello all");
            ben.open("Harbour crew");
            cleo.open("Harbour crew");
            ben.send("Hello from Ben");
            for (var one : List.of(ann, ben, cleo)) one.awaitTexts("Hello all", "Hello from Ben");

            ann.button("Members").click();
            box.getByLabel("Name of the group").fill("Night watch");
            box.getByText("Rename", new Locator.GetByTextOptions().setExact(true))
                    .click();
            assertThat(cleo.page().getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("Night watch")))
                    .isVisible();

            box.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Remove Cleo"))
                    .click();
            box.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Really?"))
                    .click();
            assertThat(cleo.page().getByText("You are not in this conversation"))
                    .isVisible();
            ann.page().keyboard().press("Escape");
            ann.send("Just the two of us");
            ben.awaitTexts("Hello all", "Hello from Ben", "Just the two of us");
            assertThat(cleo.page().getByText("Just the two of us")).hasCount(0);

            ann.button("Members").click();
            box.getByLabel("Add people").fill(cleo.username());
            box.getByText("@" + cleo.username()).click();
            ann.button("Add to the group").click();
            assertThat(box.getByText("3 members")).isVisible();
            ann.page().keyboard().press("Escape");
            ann.send("Welcome back");
            assertThat(cleo.bubble("Welcome back")).isVisible();
            assertThat(cleo.page().getByText("Just the two of us")).hasCount(0);

            ben.button("Members").click();
            ben.button("Leave the group").click();
            ben.button("Press again to leave").click();
            assertThat(ben.page().getByText("No conversations yet")).isVisible();
            assertThat(ann.page().getByText("2 members")).isVisible();
        }
    }

    @Test
    void a_session_ended_elsewhere_ends_the_open_page_visibly() {
        try (var desk = window().signUp("Ann").requestsMayFail();
                var phone = window().logIn(desk.username())) {
            phone.button("Your account, Ann").click();
            phone.page()
                    .getByRole(AriaRole.DIALOG)
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Log out Chrome on Linux"))
                    .click();

            assertThat(desk.page().getByText("Your session has ended.").first()).isVisible();
            assertThat(desk.button("Log in")).isVisible();
            desk.logIn(desk.username());

            phone.button("Log out").click();
            assertThat(phone.page().getByText("You are logged out.").first()).isVisible();
            phone.page().reload();
            assertThat(phone.button("Create account")).isVisible();
        }
    }

    @Test
    void wrong_credentials_and_a_taken_name_are_said_where_they_belong() {
        try (var ann = window().signUp("Ann");
                var other = window().requestsMayFail()) {
            other.page().getByLabel("Your name").fill("Another Ann");
            other.page().getByLabel("Username").fill(ann.username());
            other.page().getByLabel("Password").fill(ChatWindow.PASSWORD);
            other.button("Create account").click();
            assertThat(other.page().getByLabel("Username"))
                    .hasAccessibleDescription(Pattern.compile("already uses that username"));
            assertThat(other.page().getByLabel("Username")).isFocused();

            other.button("Log in").click();
            other.page().getByLabel("Username").fill(ann.username());
            other.page().getByLabel("Password").fill("not the password");
            other.button("Log in").click();
            assertThat(other.page().getByRole(AriaRole.ALERT)).containsText("do not belong together");
        }
    }

    @Test
    void a_phone_shows_one_pane_at_a_time_and_never_scrolls_sideways() {
        var phone = new Browser.NewContextOptions()
                .setViewportSize(360, 640)
                .setHasTouch(true)
                .setIsMobile(true)
                .setColorScheme(ColorScheme.DARK);
        try (var ann = window(phone);
                var ben = window().signUp("Ben")) {
            assertFits(ann);
            ann.signUp("Ann");
            ben.find(ann);
            ben.send("A word " + "without".repeat(40) + " a break");
            assertFits(ann);

            ann.conversation("Ben").tap();
            assertThat(ann.composer()).isVisible();
            assertThat(ann.page().getByLabel("Find a person")).isHidden();
            assertFits(ann);
            ann.send("ok");
            assertThat(ben.bubble("ok")).isVisible();

            ann.button("Back to the conversations").tap();
            assertThat(ann.conversation("Ben")).isVisible();
            assertThat(ann.composer()).hasCount(0);
        }
    }

    @Test
    void everything_works_with_the_keyboard_alone() {
        try (var ben = window().signUp("Ben");
                var ann = window()) {
            var keys = ann.page().keyboard();
            assertThat(ann.page().getByLabel("Your name")).isFocused();
            keys.type("Ann");
            keys.press("Tab");
            keys.type("key" + ben.username());
            keys.press("Tab");
            keys.type(ChatWindow.PASSWORD);
            keys.press("Enter");
            ann.awaitLive();

            assertThat(ann.page().getByLabel("Find a person")).isFocused();
            keys.type(ben.username());
            assertThat(ann.page().getByText("@" + ben.username())).isVisible();
            keys.press("ArrowDown");
            keys.press("Enter");
            assertThat(ann.composer()).isFocused();
            keys.type("first line");
            keys.press("Shift+Enter");
            keys.type("second line");
            keys.press("Enter");
            ben.open("Ann");
            assertEquals("first line\nsecond line", ben.bubbles().first().textContent());

            keys.press("Escape");
            assertThat(ann.conversation("Ben")).isFocused();
            keys.press("ArrowUp");
            assertThat(ann.page().getByLabel("Find a person")).isFocused();
            keys.press("ArrowDown");
            keys.press("Enter");
            assertThat(ann.composer()).isFocused();
            keys.press("Control+k");
            assertThat(ann.page().getByLabel("Find a person")).isFocused();
        }
    }

    @Test
    void every_control_has_a_name_and_new_messages_are_announced() {
        try (var ann = window();
                var ben = window().signUp("Ben")) {
            assertNamed(ann);
            ann.signUp("Ann");
            assertNamed(ann);
            ann.find(ben);
            ann.send("hello");
            assertThat(ben.page()
                            .getByRole(AriaRole.STATUS)
                            .filter(new Locator.FilterOptions().setHasText("New message from Ann")))
                    .hasCount(1);
            ann.awaitState("hello", "sent");
            assertThat(ann.page().getByRole(AriaRole.LOG)).hasAttribute("aria-live", "polite");
            assertNamed(ann);
            ann.button("About").click();
            assertNamed(ann);
            ann.page().keyboard().press("Escape");
            ann.button("New group").click();
            assertNamed(ann);
            ann.page().keyboard().press("Escape");
            assertThat(ann.button("New group")).isFocused();
            ann.button("Your account, Ann").click();
            assertNamed(ann);
        }
    }

    private static boolean isSend(Route route) {
        return route.request().method().equals("POST");
    }

    private static String clientMessageId(Route route) {
        var found = Pattern.compile("\"client_message_id\":\"([^\"]+)\"")
                .matcher(route.request().postData());
        assertTrue(found.find());
        return found.group(1);
    }

    private static void refuse(Route route) {
        route.fulfill(new Route.FulfillOptions()
                .setStatus(403)
                .setContentType("application/problem+json")
                .setBody("{\"status\":403,\"code\":\"forbidden\"}"));
    }

    private static void assertFits(ChatWindow window) {
        assertEquals(
                360,
                window.page().evaluate("document.documentElement.scrollWidth"),
                "the page is wider than the phone");
    }

    private static void assertNamed(ChatWindow window) {
        var tree = window.page().locator("body").ariaSnapshot();
        assertEquals(
                List.of(),
                tree.lines()
                        .filter(line -> UNNAMED_CONTROL.matcher(line).find())
                        .toList(),
                tree);
    }
}
