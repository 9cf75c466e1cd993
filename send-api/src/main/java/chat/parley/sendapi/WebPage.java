package chat.parley.sendapi;

import io.javalin.config.StaticFilesConfig;
import io.javalin.http.staticfiles.Location;
import java.util.Map;

/** Serves {@code clients/web}, packed into this jar under {@code /web}, at {@code /}. */
final class WebPage {
    /** Nothing but our own files runs, and nobody frames the page. */
    private static final String CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
            + "connect-src 'self'; img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
            + "frame-ancestors 'none'";

    private WebPage() {}

    static void serve(StaticFilesConfig files) {
        files.add(page -> {
            page.hostedPath = "/";
            page.directory = "/web";
            page.location = Location.CLASSPATH;
            page.mimeTypes.add("application/manifest+json", "webmanifest");
            page.headers = Map.of(
                    "Content-Security-Policy", CONTENT_SECURITY_POLICY,
                    "X-Content-Type-Options", "nosniff",
                    "Referrer-Policy", "no-referrer",
                    "Cross-Origin-Opener-Policy", "same-origin",
                    // Names carry no version: ask each time, and get 304 while nothing changed.
                    "Cache-Control", "no-cache");
        });
    }
}
