package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.systemtests.browser.PushedWorker.Shown;
import com.google.gson.JsonArray;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the browser's push service brings is shown, replaced, taken back and followed. */
class ServiceWorkerTest {
    @Test
    void a_message_is_shown_the_next_one_replaces_it_and_an_older_one_does_not() {
        try (var ann = window().signUp("Ann")) {
            var worker = new PushedWorker(ann).register();
            worker.deliver(message("c1", 1, "Ben", "Ahoy"));
            worker.awaitShown(new Shown("Ben", "Ahoy", "c1", "/#/c/c1"));
            worker.deliver(message("c2", 7, "Cleo", "Hello"));
            worker.deliver(message("c1", 3, "Ben", "third"));
            worker.awaitShown(new Shown("Ben", "third", "c1", "/#/c/c1"), new Shown("Cleo", "Hello", "c2", "/#/c/c2"));
            worker.deliver(message("c1", 2, "Ben", "second"));
            worker.deliver(message("c1", 3, "Ben", "third again"));
            worker.deliver(message("c2", 8, "Cleo", "last"));
            worker.awaitShown(new Shown("Ben", "third", "c1", "/#/c/c1"), new Shown("Cleo", "last", "c2", "/#/c/c2"));
        }
    }

    @Test
    void what_was_read_elsewhere_is_taken_back() {
        try (var ann = window().signUp("Ann")) {
            var worker = new PushedWorker(ann).register();
            var ben = new Shown("Ben", "Ahoy", "c1", "/#/c/c1");
            var unnamed = new Shown("Parley", "New message", "new", "/#/");
            worker.deliver(message("c1", 4, "Ben", "Ahoy"));
            worker.deliver(message("c2", 7, "Cleo", "Hello"));
            worker.deliver(
                    "{\"type\":\"message\",\"title\":\"Parley\",\"body\":\"New message\",\"url\":\"/#/\",\"badge\":3}");
            worker.awaitShown(ben, new Shown("Cleo", "Hello", "c2", "/#/c/c2"), unnamed);
            worker.deliver("{\"type\":\"clear\",\"conversation_id\":\"c1\",\"read_seq\":3,\"badge\":3}");
            worker.deliver("{\"type\":\"clear\",\"conversation_id\":\"c2\",\"read_seq\":7,\"badge\":2}");
            worker.awaitShown(ben, unnamed);
            worker.deliver("{\"type\":\"clear\",\"conversation_id\":\"c1\",\"read_seq\":4,\"badge\":1}");
            worker.awaitShown(unnamed);
            worker.deliver("{\"type\":\"clear\",\"conversation_id\":\"c3\",\"read_seq\":1,\"badge\":0}");
            worker.awaitShown();
        }
    }

    @Test
    void whatever_else_arrives_shows_something_and_a_press_on_it_stays_with_us() {
        try (var ann = window().signUp("Ann")) {
            var worker = new PushedWorker(ann).register();
            for (var strange : List.of(
                    "",
                    "not JSON",
                    "null",
                    "[1]",
                    "{\"type\":7,\"title\":{},\"body\":[],\"url\":8,\"conversation_id\":9,\"badge\":\"x\",\"seq\":-1}",
                    "{\"type\":\"from the future\",\"badge\":1e99}")) {
                worker.deliver(strange);
                worker.awaitShown(new Shown("New message", "", "new", "/"));
                worker.press("new");
                worker.awaitShown();
            }
            worker.deliver(
                    "{\"type\":\"message\",\"title\":\"Come here\",\"url\":\"https://elsewhere.example/#/c/c1\"}");
            worker.awaitShown(new Shown("Come here", "", "new", "https://elsewhere.example/#/c/c1"));
            var home = origin(ann);
            ann.page().navigate("about:blank");
            worker.evaluate(REMEMBER_OPENED);
            worker.press("new");
            assertEquals(home + "/", worker.evaluate("self.opened"));
        }
    }

    private static final String REMEMBER_OPENED =
            "self.clients.openWindow = async (url) => (self.opened = String(url))";

    @Test
    void a_press_leads_the_open_page_to_the_conversation_and_opens_one_where_none_is() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("Ahoy");
            assertThat(ben.conversation("Ann")).isVisible();
            var worker = new PushedWorker(ben).register();
            var id = conversationId(ann);
            worker.deliver(message(id, 1, "Ann", "Ahoy"));
            worker.awaitShown(new Shown("Ann", "Ahoy", id, "/#/c/" + id));
            ben.button("Your account, Ben").click();
            worker.press(id);
            ben.awaitTexts("Ahoy");
            assertThat(ben.dialog()).hasCount(0);
            worker.awaitShown();

            ben.composer().press("Escape");
            worker.deliver(message(id, 2, "Ann", "Still there?"));
            worker.awaitShown(new Shown("Ann", "Still there?", id, "/#/c/" + id));
            var home = origin(ben);
            ben.requestsMayFail(); // A browser looks for an icon of that page, too.
            ben.page().navigate(home + "/img/mark.svg"); // Ours too, but it could not follow.
            worker.evaluate(REMEMBER_OPENED);
            worker.press(id);
            assertEquals(home + "/#/c/" + id, worker.evaluate("self.opened"));
        }
    }

    @Test
    void who_looks_at_a_conversation_is_not_told_of_it() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("Ahoy");
            ben.open("Ann");
            ben.awaitTexts("Ahoy");
            var worker = new PushedWorker(ben).register();
            var id = conversationId(ben);
            worker.deliver(message(id, 1, "Ann", "Ahoy"));
            worker.deliver(message("c2", 1, "Cleo", "Hello"));
            worker.awaitShown(new Shown("Cleo", "Hello", "c2", "/#/c/c2"));
            ben.composer().press("Escape");
            worker.deliver(message(id, 2, "Ann", "and again"));
            worker.awaitShown(
                    new Shown("Cleo", "Hello", "c2", "/#/c/c2"), new Shown("Ann", "and again", id, "/#/c/" + id));
        }
    }

    @Test
    void where_every_push_must_show_something_a_repeated_one_shows_again_what_is_there() {
        try (var ann = window().signUp("Ann")) {
            var worker = new PushedWorker(ann).register();
            worker.evaluate("""
                    self.calls = [];
                    const really = self.registration.showNotification.bind(self.registration);
                    self.registration.showNotification = (title, options) => {
                      self.calls.push(`${title} ${options.body} ${options.data.seq} ${options.renotify}`);
                      return really(title, options);
                    };
                    0
                    """);
            worker.deliver(message("c1", 3, "Ben", "third"));
            worker.awaitShown(new Shown("Ben", "third", "c1", "/#/c/c1"));
            worker.deliver(message("c1", 3, "Ben", "third"));
            assertEquals("Ben third 3 true", worker.evaluate("self.calls.join()"));
            worker.evaluate("""
                    PushManager.prototype.getSubscription =
                      async () => ({endpoint: 'https://web.push.apple.com/something'}), 0
                    """);
            worker.deliver(message("c1", 2, "Ben", "second"));
            assertEquals("Ben third 3 true,Ben third 3 false", worker.evaluate("self.calls.join()"));
            worker.awaitShown(new Shown("Ben", "third", "c1", "/#/c/c1"));
        }
    }

    @Test
    void what_was_sent_to_another_device_shows_nothing_of_what_is_in_it() {
        try (var ann = window().signUp("Ann")) {
            var worker = new PushedWorker(ann).register();
            worker.deliver(message("c1", 4, "Ben", "Ahoy"));
            worker.awaitShown(new Shown("Ben", "Ahoy", "c1", "/#/c/c1"));
            worker.deliver(message("c2", 1, "Cleo", "A secret").replace("\"d\"", "\"another\""));
            worker.awaitShown(new Shown("Ben", "Ahoy", "c1", "/#/c/c1"), new Shown("New message", "", "new", "/"));
            worker.deliver("{\"type\":\"clear\",\"device_id\":\"another\",\"badge\":0}");
            worker.awaitShown(new Shown("Ben", "Ahoy", "c1", "/#/c/c1"), new Shown("New message", "", "new", "/"));
        }
    }

    @Test
    void the_page_can_be_installed() {
        try (var ann = window()) {
            var session = ann.page().context().newCDPSession(ann.page());
            var manifest = session.send("Page.getAppManifest");
            assertEquals(new JsonArray(), manifest.getAsJsonArray("errors"));
            assertEquals(
                    origin(ann) + "/manifest.webmanifest", manifest.get("url").getAsString());
            assertEquals(
                    "application/manifest+json",
                    ann.page()
                            .evaluate(
                                    "async () => (await fetch('/manifest.webmanifest')).headers.get('Content-Type')"));
            assertEquals("192 512 180 96", ann.page().evaluate("""
                    async () => {
                      const {icons} = await (await fetch('/manifest.webmanifest')).json();
                      const pictures = [...icons.filter((one) => one.type === 'image/png').map((one) => one.src),
                        document.querySelector('[rel="apple-touch-icon"]').href, 'img/badge.png'];
                      const loaded = pictures.map(async (src) => {
                        const picture = Object.assign(new Image(), {src});
                        await picture.decode();
                        return picture.naturalWidth;
                      });
                      return (await Promise.all(loaded)).join(' ');
                    }
                    """));
        }
    }

    private static String message(String conversation, int seq, String title, String body) {
        return """
                {"type":"message","conversation_id":"%s","seq":%d,"cursor":"x","badge":1,"url":"/#/c/%s","device_id":"d",
                 "title":"%s","body":"%s"}
                """.formatted(conversation, seq, conversation, title, body);
    }

    private static String conversationId(ChatWindow window) {
        var url = window.page().url();
        return url.substring(url.lastIndexOf('/') + 1);
    }

    private static String origin(ChatWindow window) {
        return (String) window.page().evaluate("location.origin");
    }
}
