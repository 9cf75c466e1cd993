package chat.parley.systemtests.browser;

import static chat.parley.systemtests.browser.SharedBrowser.window;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Pictures and files: picked, pasted and dropped, seen and downloaded. */
class MediaTest {
    private static final String UPLOADS = "**/v1/media?*";

    @Test
    void a_picked_picture_goes_with_its_caption_and_has_its_place_before_it_is_here() throws IOException {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            attach(ann, new FilePayload("sails.png", "image/png", png(800, 400)));
            assertThat(tray(ann)).containsText("sails.png");
            ann.send("our sails");
            ben.open("Ann");
            var picture = ben.page().getByRole(AriaRole.LOG).getByRole(AriaRole.IMG);
            assertThat(picture).hasAttribute("width", "320");
            assertThat(picture).hasAttribute("height", "160");
            assertThat(picture).hasJSProperty("complete", true);
            assertThat(picture).hasJSProperty("naturalWidth", 320);
            ben.awaitTexts("our sails");
            ann.awaitState("our sails", "sent");
            assertThat(tray(ann)).isHidden();

            ben.button("Picture sails.png, show it large").click();
            assertThat(ben.dialog().getByRole(AriaRole.IMG)).hasJSProperty("naturalWidth", 800);
            ben.page().keyboard().press("Escape");
            assertThat(ben.button("Picture sails.png, show it large")).isFocused();
        }
    }

    @Test
    void files_are_pasted_and_dropped_and_download_as_they_were() throws IOException {
        try (var ann = window().signUp("Ann");
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            give(ann, "textarea", "paste", "notes.txt", "the notes");
            assertThat(tray(ann)).containsText("notes.txt");
            give(ann, ".thread-body", "drop", "log.txt", "the log");
            assertThat(tray(ann).getByRole(AriaRole.LISTITEM)).hasCount(2);
            ann.button("Take out log.txt").click();
            assertThat(tray(ann).getByRole(AriaRole.LISTITEM)).hasCount(1);
            ann.button("Send").click();

            assertThat(ben.conversation("Ann")).containsText("File: notes.txt");
            ben.open("Ann");
            var link = ben.page()
                    .getByRole(AriaRole.LOG)
                    .getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName("notes.txt"));
            assertThat(link).containsText("9 bytes");
            var download = ben.page().waitForDownload(link::click);
            assertEquals("notes.txt", download.suggestedFilename());
            assertArrayEquals("the notes".getBytes(UTF_8), Files.readAllBytes(download.path()));
        }
    }

    @Test
    void an_upload_that_failed_is_tried_again_and_what_arrived_survives_a_reload() {
        try (var ann = window().signUp("Ann").requestsMayFail();
                var ben = window().signUp("Ben")) {
            ann.find(ben);
            ann.page().route(UPLOADS, route -> route.abort());
            attach(ann, text("chart.txt", "x marks the spot"));
            assertThat(ann.button("Upload chart.txt again")).isVisible();
            ann.send("with a chart");
            assertThat(ann.page().getByText("A file did not arrive.")).isVisible();
            assertThat(ann.composer()).hasValue("with a chart");
            ann.page().unroute(UPLOADS);
            ann.button("Upload chart.txt again").click();
            assertThat(ann.button("Upload chart.txt again")).hasCount(0);
            assertThat(ann.page().getByRole(AriaRole.PROGRESSBAR)).hasCount(0);

            ann.page().reload();
            assertThat(tray(ann)).containsText("chart.txt");
            assertThat(ann.composer()).hasValue("with a chart");
            ann.composer().press("Enter");
            ben.open("Ann");
            ben.awaitTexts("with a chart");
            assertThat(ben.page().getByRole(AriaRole.LOG).getByText("chart.txt"))
                    .isVisible();
        }
    }

    private static Locator tray(ChatWindow window) {
        return window.page().locator(".tray");
    }

    private static void attach(ChatWindow window, FilePayload file) {
        window.page()
                .waitForFileChooser(() -> window.button("Attach files").click())
                .setFiles(file);
    }

    private static FilePayload text(String name, String content) {
        return new FilePayload(name, "text/plain", content.getBytes(UTF_8));
    }

    /** What the browser does when a file is pasted into, or dropped on, an element. */
    private static void give(ChatWindow window, String where, String how, String name, String content) {
        window.page().evaluate("""
            ({where, how, name, content}) => {
              const data = new DataTransfer();
              data.items.add(new File([content], name, {type: 'text/plain'}));
              const options = {bubbles: true, cancelable: true};
              const event = how === 'paste'
                ? new ClipboardEvent('paste', {...options, clipboardData: data})
                : new DragEvent('drop', {...options, dataTransfer: data});
              document.querySelector(where).dispatchEvent(event);
            }
            """, Map.of("where", where, "how", how, "name", name, "content", content));
    }

    private static byte[] png(int width, int height) throws IOException {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var graphics = image.createGraphics();
        graphics.setColor(Color.ORANGE);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.dispose();
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }
}
