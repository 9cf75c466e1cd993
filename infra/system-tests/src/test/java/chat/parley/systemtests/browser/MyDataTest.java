package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** A copy of what is one's own, and the end of an account. */
class MyDataTest {
    @Test
    void a_person_takes_their_words_along_and_then_leaves_for_good() throws IOException {
        try (var ann = window().signUp("Ann").requestsMayFail();
                var ben = window().signUp("Ben").requestsMayFail()) {
            ann.find(ben);
            ann.send("remember the tide");
            ben.open("Ann");
            ben.awaitTexts("remember the tide");

            ann.button("Your account, Ann").click();
            ann.dialog().getByText("Your data").click();
            var copy = ann.page()
                    .waitForDownload(() -> ann.dialog()
                            .getByText("Download everything of mine")
                            .click());
            assertTrue(Files.readString(copy.path()).contains("remember the tide"));

            ann.inDialog("Delete my account").click();
            ann.dialog().getByLabel("Your password").fill("not the password");
            ann.inDialog("Delete it for ever").click();
            assertThat(ann.dialog().getByText("That is not your password.")).isVisible();
            ann.dialog().getByLabel("Your password").fill(ChatWindow.PASSWORD);
            ann.inDialog("Delete it for ever").click();
            assertThat(ann.page().getByText("Your account is deleted.").first()).isVisible();

            ben.awaitTexts("Message deleted");
            ann.button("Log in").click();
            ann.page().getByLabel("Username").fill(ann.username());
            ann.page().getByLabel("Password").fill(ChatWindow.PASSWORD);
            ann.button("Log in").click();
            assertThat(ann.page().getByText("do not belong together")).isVisible();
        }
    }
}
