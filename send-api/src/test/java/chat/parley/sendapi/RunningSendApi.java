package chat.parley.sendapi;

import chat.parley.account.AccountSettings;
import chat.parley.account.SessionCookie;
import chat.parley.conversation.GroupSizes;
import chat.parley.media.MediaSettings;
import chat.parley.message.MessageSettings;
import chat.parley.push.SubscriptionRules;
import chat.parley.sendapi.http.BrowserSettings;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The production wiring on free ports over the testkit's stores, and a client for it. */
public final class RunningSendApi implements AutoCloseable {
    private static final SendApiSettings.Bounds USUAL = SendApiSettings.Bounds.of(8);

    private final SendApi api;
    private final HttpClient client = HttpClient.newHttpClient();

    private final @Nullable Path media;

    private RunningSendApi(SendApi api, @Nullable Path media) {
        this.api = api;
        this.media = media;
    }

    /** Starts one. */
    public static RunningSendApi start(RealPostgres postgres, RealRedis redis) {
        return start(postgres, redis, new AccountSettings(null, List.of(SessionCookie.PLAIN)), BrowserSettings.DIRECT);
    }

    /** Starts one that is reached in another way. */
    public static RunningSendApi start(
            RealPostgres postgres, RealRedis redis, AccountSettings accounts, BrowserSettings browsers) {
        var folder = temporaryFolder();
        var api = start(postgres, redis, accounts, browsers, MediaSettings.folder(folder));
        return new RunningSendApi(api, folder);
    }

    /** Starts one that keeps media elsewhere, or otherwise. */
    public static RunningSendApi start(RealPostgres postgres, RealRedis redis, MediaSettings media) {
        var accounts = new AccountSettings(null, List.of(SessionCookie.PLAIN));
        return new RunningSendApi(start(postgres, redis, accounts, BrowserSettings.DIRECT, media), null);
    }

    /** Starts one where nobody may ask who is there. */
    public static RunningSendApi startWithoutPresence(RealPostgres postgres, RealRedis redis) {
        return start(postgres, redis, bounds(false, USUAL.groups(), true));
    }

    /** Starts one where nothing is indexed for search. */
    public static RunningSendApi startWithoutSearch(RealPostgres postgres, RealRedis redis) {
        return start(postgres, redis, bounds(true, USUAL.groups(), false));
    }

    /** Starts one where groups of other sizes are large, or full. */
    public static RunningSendApi start(RealPostgres postgres, RealRedis redis, GroupSizes groups) {
        return start(postgres, redis, bounds(true, groups, true));
    }

    private static SendApiSettings.Bounds bounds(boolean presence, GroupSizes groups, boolean search) {
        return new SendApiSettings.Bounds(
                USUAL.connections(),
                USUAL.sendsPerMinute(),
                USUAL.editWindow(),
                presence,
                USUAL.retention(),
                USUAL.wakes(),
                groups,
                search);
    }

    private static RunningSendApi start(RealPostgres postgres, RealRedis redis, SendApiSettings.Bounds bounds) {
        var folder = temporaryFolder();
        var settings = new SendApiSettings(
                "127.0.0.1",
                0,
                0,
                postgres.address(),
                MessageSettings.POSTGRES,
                URI.create(redis.uri()),
                bounds,
                new AccountSettings(null, List.of(SessionCookie.PLAIN)),
                BrowserSettings.DIRECT,
                MediaSettings.folder(folder),
                new SubscriptionRules(false));
        return new RunningSendApi(SendApi.start(settings, null), folder);
    }

    private static SendApi start(
            RealPostgres postgres,
            RealRedis redis,
            AccountSettings accounts,
            BrowserSettings browsers,
            MediaSettings media) {
        var settings = new SendApiSettings(
                "127.0.0.1",
                0,
                0,
                postgres.address(),
                MessageSettings.POSTGRES,
                URI.create(redis.uri()),
                USUAL,
                accounts,
                browsers,
                media,
                new SubscriptionRules(false));
        return SendApi.start(settings, null);
    }

    /** An address of the API. */
    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + api.port() + path);
    }

    /** Sends a request built on an address of {@link #uri}. */
    public HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The port of {@code /metrics}. */
    public int metricsPort() {
        return api.metricsPort();
    }

    @Override
    public void close() throws Exception {
        client.close();
        api.close();
        if (media != null) {
            delete(media);
        }
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("parley-test-media-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
