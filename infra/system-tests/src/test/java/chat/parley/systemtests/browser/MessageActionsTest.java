package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What people do to messages that are there already. */
class MessageActionsTest {
    private static final String ONE_MESSAGE = "**/messages/*";

    @Test
    void an_edit_shows_everywhere_and_what_it_said_before_stays_readable() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("See you at nine");
            ann.awaitState("See you at nine", "sent");
            ben.open("Ann");
            ann.composer().press("ArrowUp");
            assertThat(ann.composer()).hasValue("See you at nine");
            assertThat(ann.page().getByText("Changing your message")).isVisible();
            ann.send("See you at ten");
            ben.awaitTexts("See you at ten");
            ann.awaitTexts("See you at ten");
            assertThat(ann.composer()).hasValue("");

            ben.button("edited").click();
            assertThat(ben.dialog().getByText("See you at nine")).isVisible();
            assertThat(ben.dialog().getByText("See you at ten")).isVisible();
            ben.page().keyboard().press("Escape");
            assertThat(ben.button("edited")).isFocused();
            assertThat(ben.conversation("Ann")).containsText("See you at ten");
        }
    }

    @Test
    void an_edit_that_fails_stays_in_the_composer_and_the_draft_waits_behind_it() {
        try (var ann = window().signUp("Ann").requestsMayFail();
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("first words");
            ann.awaitState("first words", "sent");
            ann.composer().fill("a draft");
            ann.choose("first words", "Edit");
            ann.page().route(ONE_MESSAGE, route -> route.abort());
            ann.send("second words");
            assertThat(ann.page()
                            .getByRole(AriaRole.ALERT)
                            .filter(new Locator.FilterOptions().setHasText("cannot be reached")))
                    .isVisible();
            assertThat(ann.composer()).hasValue("second words");
            ann.page().unroute(ONE_MESSAGE);
            ann.composer().press("Enter");
            ann.awaitTexts("second words");
            assertThat(ann.composer()).hasValue("a draft");
        }
    }

    @Test
    void deleting_asks_first_and_leaves_a_tombstone() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("a slip");
            ann.awaitState("a slip", "sent");
            ann.send("and more");
            ben.open("Ann");
            ben.awaitTexts("a slip", "and more");
            ben.act("a slip", "More");
            assertThat(ben.page().getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName("Delete")))
                    .hasCount(0);
            ben.page().keyboard().press("Escape");
            assertThat(ben.composer()).isVisible();

            ann.choose("a slip", "Delete");
            ann.inDialog("Cancel").click();
            ben.awaitTexts("a slip", "and more");
            ann.choose("a slip", "Delete");
            ann.inDialog("Delete for everyone").click();
            ben.awaitTexts("Message deleted", "and more");
            ann.awaitTexts("Message deleted", "and more");
        }
    }

    @Test
    void an_answer_shows_what_it_answers_follows_its_edits_and_jumps_there() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("the old question");
            ann.awaitState("the old question", "sent");
            ann.say(IntStream.rangeClosed(1, 130).mapToObj(n -> "filler " + n).toList());
            ben.open("Ann");
            assertThat(ben.bubble("filler 130")).isVisible();
            ben.page().evaluate("""
                async () => {
                  const id = location.hash.split('/').pop();
                  await fetch(`/v1/conversations/${id}/messages`, {
                    method: 'POST',
                    headers: {'Content-Type': 'application/json'},
                    body: JSON.stringify({client_message_id: 'answer', text: 'the answer', reply_to: 1}),
                  });
                }
                """);
            var quote = ben.button("In answer to Ann: the old question. Go to that message");
            assertThat(quote).isVisible();
            quote.click();
            assertThat(ben.bubble("the old question")).isInViewport();
            assertThat(ben.message("the old question")).isFocused();
            assertThat(ben.bubble("the answer")).hasCount(0);

            ben.act("the old question", "Reply");
            assertThat(ben.page().getByText("Answering Ann")).isVisible();
            ben.send("again, of that");
            assertThat(ben.bubble("again, of that")).isInViewport();
            assertThat(ann.bubble("again, of that")).isVisible();
            ann.page().reload();
            assertThat(ann.button("In answer to You: the old question. Go to that message"))
                    .hasCount(2);
            ann.page().evaluate("""
                async () => {
                  const id = location.hash.split('/').pop();
                  await fetch(`/v1/conversations/${id}/messages/1`, {method: 'DELETE'});
                }
                """);
            assertThat(ann.button("In answer to You: Message deleted. Go to that message"))
                    .hasCount(2);
        }
    }

    @Test
    void reactions_are_picked_counted_named_and_taken_back() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("dinner is ready");
            ben.open("Ann");
            ben.act("dinner is ready", "React").button("🎉").click();
            var chip = Pattern.compile("^🎉");
            assertThat(reaction(ann, chip)).hasAccessibleName("🎉 1, Ben");
            reaction(ann, chip).click();
            assertThat(reaction(ann, chip)).hasAttribute("aria-pressed", "true");
            assertThat(reaction(ann, chip)).isFocused();
            assertThat(reaction(ben, chip)).hasAccessibleName(Pattern.compile("^🎉 2, (you and Ann|Ann and you)$"));
            reaction(ben, chip).click();
            assertThat(reaction(ben, chip)).hasAccessibleName("🎉 1, Ann");
            assertThat(reaction(ann, chip)).hasAccessibleName("🎉 1, you");

            ann.act("dinner is ready", "React");
            ann.page().getByLabel("Another emoji").fill("no emoji");
            ann.page().keyboard().press("Enter");
            assertThat(ann.page().getByLabel("Another emoji")).hasAttribute("aria-invalid", "true");
            ann.page().getByLabel("Another emoji").fill("🏳️‍🌈");
            ann.page().keyboard().press("Enter");
            assertThat(reaction(ben, Pattern.compile("^🏳️‍🌈"))).hasAccessibleName("🏳️‍🌈 1, Ann");

            ben.page().reload();
            assertThat(reaction(ben, chip)).hasAccessibleName("🎉 1, Ann");
            assertThat(reaction(ben, chip)).hasAttribute("aria-pressed", "false");
        }
    }

    @Test
    void a_mention_is_completed_highlighted_and_announced() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben");
                var cleo = window().signUp("Cleo")) {
            ann.makeGroup("Galley", ben, cleo);
            ann.composer().pressSequentially("Ask @be");
            var options = ann.page().getByRole(AriaRole.OPTION);
            assertThat(options).hasText(List.of(Pattern.compile("Ben")).toArray(Pattern[]::new));
            ann.page().keyboard().press("Enter");
            assertThat(ann.composer()).hasValue("Ask @" + ben.username() + " ");
            ann.page().keyboard().type("first");
            ann.page().keyboard().press("Enter");
            assertThat(ben.page()
                            .getByRole(AriaRole.STATUS)
                            .filter(new Locator.FilterOptions().setHasText("Ann mentioned you")))
                    .hasCount(1);
            ben.open("Galley");
            assertThat(ben.page().locator(".mention-me")).hasText("@" + ben.username());
            cleo.open("Galley");
            assertThat(cleo.page().locator(".mention")).hasText("@" + ben.username());
            assertThat(cleo.page().locator(".mention-me")).hasCount(0);

            ann.send("@all hands on deck");
            assertThat(cleo.page().locator(".mention-me")).hasText("@all");
            ben.send("@all is not mine to say");
            assertThat(ann.bubble("@all is not mine to say")).isVisible();
            assertEquals(0, ann.page().locator(".mention-me").count());
        }
    }

    @Test
    void tools_of_a_message_work_with_the_keyboard_alone() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("one");
            ann.awaitState("one", "sent");
            ann.send("two");
            ann.awaitState("two", "sent");
            var keys = ann.page().keyboard();
            keys.press("Shift+Tab");
            assertThat(ann.message("two")).isFocused();
            keys.press("ArrowUp");
            assertThat(ann.message("one")).isFocused();
            keys.press("Tab");
            assertThat(ann.button("React")).isFocused();
            keys.press("Enter");
            keys.press("ArrowRight");
            keys.press("Enter");
            assertThat(reaction(ann, Pattern.compile("^❤️"))).hasAttribute("aria-pressed", "true");
            assertThat(ann.button("React")).isFocused();
            keys.press("Tab");
            keys.press("Enter");
            assertThat(ann.composer()).isFocused();
            assertThat(ann.page().getByText("Answering yourself")).isVisible();
            keys.press("Escape");
            assertThat(ann.page().getByText("Answering yourself")).isHidden();
            assertThat(ann.composer()).isFocused();
        }
    }

    private static Locator reaction(ChatWindow window, Pattern name) {
        return window.page()
                .getByRole(AriaRole.LOG)
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name));
    }
}
