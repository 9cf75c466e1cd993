package chat.parley.systemtests.browser;

import com.microsoft.playwright.Browser;
import java.io.IOException;
import java.util.Optional;

/** One Parley and one Chromium for all classes of this package; started when first asked for, ended with the JVM. */
final class SharedBrowser {
    private static Optional<SharedBrowser> shared = Optional.empty();

    private final Chromium chromium;
    private final RunningParley parley;

    private SharedBrowser(Chromium chromium, RunningParley parley) {
        this.chromium = chromium;
        this.parley = parley;
    }

    static ChatWindow window() {
        return window(new Browser.NewContextOptions().setViewportSize(1180, 760));
    }

    static ChatWindow window(Browser.NewContextOptions options) {
        return window(options, "");
    }

    static ChatWindow window(Browser.NewContextOptions options, String scriptBeforeThePage) {
        var one = get();
        return new ChatWindow(one.chromium.browser(), one.parley.address(), options, scriptBeforeThePage);
    }

    private static synchronized SharedBrowser get() {
        if (shared.isEmpty()) shared = Optional.of(start());
        return shared.get();
    }

    private static SharedBrowser start() {
        var chromium = Chromium.launch();
        try {
            var parley = RunningParley.start();
            Runtime.getRuntime().addShutdownHook(new Thread(parley::close));
            return new SharedBrowser(chromium, parley);
        } catch (IOException e) {
            chromium.close();
            throw new IllegalStateException("Parley did not start", e);
        } catch (InterruptedException e) {
            chromium.close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
