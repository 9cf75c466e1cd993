package chat.parley.systemtests.browser;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The machine's own Chromium, driven by Playwright. Confined to the thread that launched it. */
final class Chromium implements AutoCloseable {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    /** Nothing is downloaded: the browser is the one that people of this machine use. */
    private static final Map<String, String> NO_DOWNLOAD = Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Playwright playwright, Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    /** Launches it; without a Chromium the test is left out on a developer's machine, and fails in CI. */
    static Chromium launch() {
        var program = find().orElseGet(Chromium::missing);
        PlaywrightAssertions.setDefaultAssertionTimeout(ChatWindow.AWAIT_MS);
        var playwright = Playwright.create(new Playwright.CreateOptions().setEnv(NO_DOWNLOAD));
        var browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(program)
                        // The sandbox refuses to start for root, and containers rarely allow its namespaces.
                        .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage")));
        return new Chromium(playwright, browser);
    }

    private static Path missing() {
        var sentence = "The browser tests need Chromium: install it, or name its program in PARLEY_CHROMIUM.";
        return System.getenv("CI") == null ? abort(sentence) : fail(sentence);
    }

    private static Optional<Path> find() {
        var named = System.getenv("PARLEY_CHROMIUM");
        if (named != null && !named.isBlank()) return Optional.of(Path.of(named));
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isBlank())
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    Browser browser() {
        return browser;
    }

    @Override
    public void close() {
        try (playwright) {
            browser.close();
        }
    }
}
