package chat.parley.sendapi;

import chat.parley.account.AccountSettings;
import chat.parley.account.SessionCookie;
import chat.parley.sendapi.http.BrowserSettings;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;

/** The production wiring on free ports over the testkit's stores, and a client for it. */
public final class RunningSendApi implements AutoCloseable {
    private final SendApi api;
    private final HttpClient client = HttpClient.newHttpClient();

    private RunningSendApi(SendApi api) {
        this.api = api;
    }

    /** Starts one. */
    public static RunningSendApi start(RealPostgres postgres, RealRedis redis) {
        return start(postgres, redis, new AccountSettings(null, List.of(SessionCookie.PLAIN)), BrowserSettings.DIRECT);
    }

    /** Starts one that is reached in another way. */
    public static RunningSendApi start(
            RealPostgres postgres, RealRedis redis, AccountSettings accounts, BrowserSettings browsers) {
        return start(postgres, redis, accounts, browsers, true);
    }

    /** Starts one with presence or without. */
    public static RunningSendApi start(
            RealPostgres postgres,
            RealRedis redis,
            AccountSettings accounts,
            BrowserSettings browsers,
            boolean presence) {
        var usual = SendApiSettings.Bounds.of(8);
        var bounds =
                new SendApiSettings.Bounds(usual.connections(), usual.sendsPerMinute(), usual.editWindow(), presence);
        var settings = new SendApiSettings(
                "127.0.0.1", 0, 0, postgres.address(), URI.create(redis.uri()), bounds, accounts, browsers);
        return new RunningSendApi(SendApi.start(settings, null));
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
    }
}
