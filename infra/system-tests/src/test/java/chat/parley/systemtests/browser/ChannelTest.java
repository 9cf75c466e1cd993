package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Channels, links that invite, pins, roles and bans. */
class ChannelTest {
    @Test
    void a_public_channel_is_made_found_joined_and_only_admins_write_there() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            var name = "Tides " + ann.username();
            ann.button("Channels").click();
            ann.dialog().getByLabel("Name of the channel").fill(name);
            ann.dialog().getByLabel("Topic").fill("High and low water");
            ann.dialog().getByLabel("Only admins write").check();
            ann.inDialog("Create channel").click();
            assertThat(ann.page().getByText("Only you · High and low water")).isVisible();
            ann.send("high water at nine");
            ann.awaitState("high water at nine", "sent");

            ben.button("Channels").click();
            ben.dialog().getByLabel("Find a channel").fill(name);
            ben.inDialog("Join " + name).click();
            ben.awaitTexts("high water at nine");
            assertThat(ben.page().getByText("Only admins write here.")).isVisible();
            assertThat(ben.composer()).isHidden();

            ann.button("Members").click();
            menuOf(ann, "Ben", "Make an admin");
            assertThat(ben.composer()).isVisible();
            ben.send("low water at three");
            assertThat(ann.bubble("low water at three")).isVisible();

            ann.dialog()
                    .getByText("Settings", new Locator.GetByTextOptions().setExact(true))
                    .click();
            ann.dialog().getByLabel("Topic").fill("Water");
            ann.dialog().getByLabel("Messages are kept").selectOption("for a week");
            ann.inDialog("Save settings").click();
            assertThat(ben.page().getByText("2 members · Water · Messages are kept for a week"))
                    .isVisible();
            ann.dialog().getByLabel("Messages are kept").selectOption("for ever");
            ann.inDialog("Save settings").click();
            assertThat(ben.page().getByText("2 members · Water", new Page.GetByTextOptions().setExact(true)))
                    .isVisible();
        }
    }

    @Test
    void a_link_invites_someone_who_is_not_even_signed_up_and_can_be_revoked() {
        try (var ann = window().signUp("Ann");
                var ben = window().requestsMayFail()) {
            ann.makeGroup("Crew " + ann.username());
            ann.button("Members").click();
            ann.dialog().getByText("Invite by link").click();
            ann.inDialog("Create a link").click();
            var link = ann.dialog().getByLabel("Invitation link").inputValue();

            ben.page().navigate(link);
            ben.signUp("Ben");
            assertThat(ben.dialog().getByText("Crew " + ann.username())).isVisible();
            ben.inDialog("Join").click();
            assertThat(ben.composer()).isVisible();
            assertThat(ann.dialog().getByText("2 members")).isVisible();
            assertThat(ann.page().locator(".notice-line")).hasText("Ben joined");

            ann.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Revoke the link"))
                    .click();
            assertThat(ann.dialog().getByLabel("Open links").getByRole(AriaRole.LISTITEM))
                    .hasCount(0);
            ben.page().navigate(link);
            assertThat(ben.dialog().getByText("This link leads nowhere")).isVisible();
        }
    }

    @Test
    void pinned_messages_stand_on_top_and_lead_to_their_place() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.send("the plan");
            ann.awaitState("the plan", "sent");
            ben.open("Ann");
            ben.choose("the plan", "Pin");
            var pins = ann.page().getByRole(AriaRole.GROUP, new Page.GetByRoleOptions().setName("Pinned messages"));
            assertThat(pins).containsText("the plan");
            pins.getByText("the plan").click();
            assertThat(ann.message("the plan")).isFocused();
            ann.choose("the plan", "Unpin");
            assertThat(pins).isHidden();
            assertThat(ben.page().getByLabel("Pinned messages")).isHidden();
        }
    }

    @Test
    void who_is_banned_is_out_until_the_ban_is_lifted() {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben").requestsMayFail()) {
            ann.makeGroup("Galley " + ann.username(), ben);
            ann.send("hello");
            ben.open("Galley");
            ann.button("Members").click();
            menuOf(ann, "Ben", "Ban");
            ann.inDialog("Ban").click();
            assertThat(ben.page().getByText("You are not in this conversation")).isVisible();
            ann.dialog().getByText("Banned").click();
            ann.inDialog("Lift the ban of Ben").click();
            assertThat(ann.dialog().getByText("Nobody is banned.")).isVisible();
        }
    }

    private static void menuOf(ChatWindow window, String person, String item) {
        window.inDialog("More about " + person).click();
        window.page()
                .getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName(Pattern.compile("^" + item + "$")))
                .click();
    }
}
