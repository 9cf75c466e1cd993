package chat.parley.systemtests.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * One window of one person, with a browser profile of its own. Finds things as a person does: by what is written on them and by what
 * a screen reader says. {@link #close} fails when the page had an error or broke its Content-Security-Policy.
 */
final class ChatWindow implements AutoCloseable {
    static final String PASSWORD = "correct horse battery";

    /** Long enough for a machine that builds something else meanwhile; nothing here takes so long by itself. */
    static final int AWAIT_MS = 30_000;

    private static final AtomicInteger PEOPLE = new AtomicInteger();

    /** Chromium reports a violation on the document only; as a console error it is counted like every other. */
    private static final String REPORT_VIOLATIONS = """
            document.addEventListener('securitypolicyviolation', (violation) =>
              console.error('CSP violation: ' + violation.violatedDirective + ' ' + violation.blockedURI));
            """;

    private final BrowserContext context;
    private final Page page;
    private final List<String> problems = new ArrayList<>();
    private boolean requestsMayFail;
    private boolean pushIsOutOfReach;
    private String username = "";

    ChatWindow(Browser browser, String address, Browser.NewContextOptions options, String scriptBeforeThePage) {
        context = browser.newContext(options.setBaseURL(address).setLocale("en-GB"));
        context.setDefaultTimeout(AWAIT_MS);
        context.addInitScript(REPORT_VIOLATIONS + scriptBeforeThePage);
        page = context.newPage();
        page.onConsoleMessage(message -> {
            if (!List.of("error", "warning").contains(message.type())) return;
            if (requestsMayFail && message.text().startsWith("Failed to load resource")) return;
            if (pushIsOutOfReach && message.text().contains("does not support the Push API in incognito mode")) return;
            problems.add(message.text() + " at " + message.location());
        });
        page.onPageError(problems::add);
        page.navigate("/");
    }

    Page page() {
        return page;
    }

    String username() {
        return username;
    }

    /** From here on the test takes things away from the page on purpose; the browser's own report of that is no problem. */
    ChatWindow requestsMayFail() {
        requestsMayFail = true;
        return this;
    }

    /** The profiles of tests have no push service, and the browser says so where a page asks for one. */
    ChatWindow pushIsOutOfReach() {
        pushIsOutOfReach = true;
        return this;
    }

    ChatWindow signUp(String displayName) {
        username = displayName.toLowerCase(Locale.ROOT) + PEOPLE.incrementAndGet();
        page.getByLabel("Your name").fill(displayName);
        page.getByLabel("Username").fill(username);
        page.getByLabel("Password").fill(PASSWORD);
        button("Create account").click();
        awaitLive();
        return this;
    }

    ChatWindow logIn(String asUsername) {
        username = asUsername;
        if (button("Create account").isVisible()) button("Log in").click();
        page.getByLabel("Username").fill(asUsername);
        page.getByLabel("Password").fill(PASSWORD);
        button("Log in").click();
        awaitLive();
        return this;
    }

    void awaitLive() {
        awaitConnection("live");
    }

    void awaitConnection(String state) {
        assertThat(page.locator("body")).hasAttribute("data-connection", state);
    }

    /** Finds a person by the first letters of their username and opens the conversation with them. */
    void find(ChatWindow other) {
        page.getByLabel("Find a person").fill(other.username);
        page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName(Pattern.compile("@" + other.username + "$")))
                .click();
        assertThat(composer()).isVisible();
    }

    void open(String title) {
        conversation(title).click();
        assertThat(composer()).isVisible();
    }

    Locator conversation(String title) {
        return page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(Pattern.compile("^" + title)));
    }

    Locator composer() {
        return page.getByRole(
                AriaRole.TEXTBOX, new Page.GetByRoleOptions().setName("Message").setExact(true));
    }

    void send(String text) {
        composer().fill(text);
        composer().press("Enter");
    }

    Locator bubbles() {
        return page.getByRole(AriaRole.LOG).locator(".bubble");
    }

    Locator bubble(String text) {
        return bubbles().getByText(text, new Locator.GetByTextOptions().setExact(true));
    }

    /** The row of a message, which carries its state. */
    Locator message(String text) {
        return page.locator(".message")
                .filter(new Locator.FilterOptions()
                        .setHas(page.getByText(text, new Page.GetByTextOptions().setExact(true))));
    }

    void awaitState(String text, String state) {
        assertThat(message(text)).hasAttribute("data-state", state);
    }

    /** What stands under the newest of one's own messages: how far it has come. */
    void awaitTicks(String text, String ticks) {
        assertThat(message(text).locator(".state")).hasText(ticks);
    }

    void awaitTexts(String... texts) {
        assertThat(bubbles()).hasText(texts);
    }

    Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    /** What one can do to a message, as the mouse finds it. */
    ChatWindow act(String text, String tool) {
        bubble(text).hover();
        button(tool).click();
        return this;
    }

    /** Picks from the menu of a message. */
    void choose(String text, String item) {
        act(text, "More")
                .page
                .getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName(item))
                .click();
    }

    Locator dialog() {
        return page.getByRole(AriaRole.DIALOG);
    }

    Locator inDialog(String button) {
        return dialog().getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName(button).setExact(true));
    }

    /** A group with these people, made by the form. */
    void makeGroup(String name, ChatWindow... people) {
        button("New group").click();
        dialog().getByLabel("Name of the group").fill(name);
        for (var person : people) {
            dialog().getByLabel("Add people").fill(person.username);
            dialog().getByText("@" + person.username).click();
        }
        dialog().getByText("Create group").click();
        assertThat(composer()).isVisible();
    }

    /** Says many things quickly in the open conversation, without the page: for a history to read. */
    void say(List<String> texts) {
        page.evaluate("""
            async (texts) => {
              const id = location.hash.split('/').pop();
              for (const text of texts) {
                const answer = await fetch(`/v1/conversations/${id}/messages`, {
                  method: 'POST',
                  headers: {'Content-Type': 'application/json'},
                  body: JSON.stringify({client_message_id: text, type: 'text', text}),
                });
                if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
              }
            }
            """, texts);
    }

    /** The seq of the first message that is loaded. */
    String oldestMessage() {
        return page.locator("[data-seq]").first().getAttribute("data-seq");
    }

    void offline(boolean isOffline) {
        requestsMayFail();
        context.setOffline(isOffline);
    }

    @Override
    public void close() {
        context.close();
        assertEquals(List.of(), problems, () -> "the page of " + username + " had problems");
    }
}
