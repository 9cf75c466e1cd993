package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.Scene;
import chat.parley.systemtests.process.ServiceProcess;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** HAProxy and nginx with the configurations of this repository, before real services. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ProxyTest {
    /** Above the heartbeat of 10 s, the shortest that a client may ask for, and below two of them. */
    private static final Duration IDLE = Duration.ofSeconds(14);

    private static final Duration SEEN_MAX = Duration.ofSeconds(30);

    private static final int UPLOAD_BYTES = 3_000_000;
    private static final int TOO_MANY_BYTES = 30_000_000;

    /** More than one address may try at two send-apis, each of which counts for itself: 60. */
    private static final int LOGINS = 122;

    private final Map<Proxy.Kind, Proxy> proxies = new EnumMap<>(Proxy.Kind.class);
    private Path folder = Path.of("");
    private ProxiedParley parley;
    private ProxyCertificate certificate;

    @BeforeAll
    void start(@TempDir Path tests) throws Exception {
        folder = tests;
        for (var program : List.of("haproxy", "nginx"))
            Programs.required(program, program); // before all that takes long
        certificate = ProxyCertificate.in(folder);
        parley = new ProxiedParley(folder);
        for (var kind : Proxy.Kind.values()) {
            proxies.put(kind, Proxy.start(kind, parley.setup(IDLE, certificate), folder));
        }
    }

    @AfterAll
    void stop() throws Exception {
        for (var proxy : proxies.values()) proxy.close();
        if (parley != null) parley.close();
    }

    private Proxy proxy(Proxy.Kind kind) {
        var proxy = proxies.get(kind);
        if (proxy == null) throw new IllegalStateException(kind + " was not started");
        return proxy;
    }

    private Api api(Proxy.Kind kind) {
        var uri = proxy(kind).uri();
        return new Api(client(), uri, uri);
    }

    private HttpClient.Builder client() {
        return HttpClient.newBuilder().sslContext(certificate.trust()).version(HttpClient.Version.HTTP_2);
    }

    /** One quiet stream of each proxy, and one more that is too quiet: else it would not be known that the time is short. */
    @Test
    void events_arrive_at_once_over_http_2_and_heartbeats_keep_a_quiet_stream() throws Exception {
        var quiet = new ArrayList<Watched>();
        var tooQuiet = new ArrayList<Watched>();
        for (var kind : Proxy.Kind.values()) {
            quiet.add(watch(kind, 10));
            tooQuiet.add(watch(kind, 300));
        }
        for (var stream : quiet) {
            assertEquals(HttpClient.Version.HTTP_2, stream.version());
            stream.tell("at once");
            // Long before the first heartbeat, which might push out what a proxy holds back.
            await(Duration.ofSeconds(8), () -> stream.lines().holds("at once"));
        }
        for (var stream : tooQuiet) await(SEEN_MAX, () -> stream.lines().isCut());
        for (var stream : quiet) {
            await(SEEN_MAX, () -> stream.lines().count(line -> line.startsWith(":")) >= 2);
            stream.tell("still there");
            await(SEEN_MAX, () -> stream.lines().holds("still there"));
        }
        for (var stream : quiet) stream.lines().close();
        for (var stream : tooQuiet) stream.lines().close();
    }

    private record Watched(Person reader, Person writer, HttpClient.Version version, StreamLines lines) {
        void tell(String text) throws Exception {
            assertEquals(
                    Outcome.OK, writer.send(writer.direct(reader), text, text).outcome());
        }
    }

    private Watched watch(Proxy.Kind kind, int heartbeatSeconds) throws Exception {
        var api = api(kind);
        var reader = api.signUp("reader");
        var address = URI.create(api.stream() + "?heartbeat=" + heartbeatSeconds);
        var answer = api.openStream(address, reader.token(), "");
        assertEquals(200, answer.statusCode());
        var lines = new StreamLines(answer.body());
        await(SEEN_MAX, () -> lines.holds("stream.caught_up"));
        return new Watched(reader, api.signUp("writer"), answer.version(), lines);
    }

    /**
     * The send-api gives notice, finishes what it was asked, and the proxy gives the rest to the other one: no request is lost, none is repeated.
     * Then a stream node dies: its clients come back by the other one.
     */
    @ParameterizedTest
    @EnumSource
    void nobody_misses_anything_when_a_send_api_is_told_to_stop_and_a_stream_node_is_killed(Proxy.Kind kind)
            throws Exception {
        try (var scene = Scene.start(api(kind));
                var upload = SlowUpload.start(parley.firstSendApi(), api(kind).signUp("ann"))) {
            var leaving = CompletableFuture.supplyAsync(() -> exitCode(parley.firstSendApi()));
            // It takes nobody any more, and yet it waits for the one that it has.
            await(SEEN_MAX, () -> parley.firstSendApi().readyStatus() == 0);
            assertEquals(201, upload.finish());
            assertEquals(0, leaving.get());

            var before = scene.devices().stream().map(Device::caughtUp).toList();
            parley.firstStreamNode().kill();
            // The proxy gave each node some of them: some must come back, and the rest must not have noticed.
            await(SEEN_MAX, () -> cameBack(scene, before) > 0);
            scene.awaitAcknowledged(50);
            assertTrue(cameBack(scene, before) < before.size(), "all were cut");
            assertEquals(0, scene.unanswered());
            scene.settle();
        } finally {
            parley.mend();
        }
    }

    private static int exitCode(ServiceProcess service) {
        try {
            return service.terminate();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static long cameBack(Scene scene, List<Integer> before) {
        long cut = 0;
        for (int i = 0; i < before.size(); i++) {
            if (scene.devices().get(i).caughtUp() > before.get(i)) cut++;
        }
        return cut;
    }

    /** Without Redis no node says that it is ready, and yet sends are accepted and streams told to wait. */
    @ParameterizedTest
    @EnumSource
    void nodes_of_which_none_is_ready_are_asked_all_the_same(Proxy.Kind kind) throws Exception {
        parley.awaitReady();
        var api = api(kind);
        var ann = api.signUp("ann");
        var conversation = ann.direct(api.signUp("bob"));
        var made = api.call("POST", "/v1/stream/tickets", ann.token(), null);
        var ticket = Api.json(made.body()).get("ticket").asText();
        parley.redis().kill();
        try {
            if (kind == Proxy.Kind.HAPROXY) awaitAllDown();
            // Who can be told so is refused by every node, and that must not be counted against the nodes.
            await(SEEN_MAX, () -> openStream(ann) == 503);
            assertEquals(
                    Outcome.OK, ann.send(conversation, "1", "without Redis").outcome());
            // As a browser's EventSource asks, which any other status would end for good.
            var stream = HttpRequest.newBuilder(URI.create(api.stream() + "?ticket=" + ticket))
                    .header("Accept", "text/event-stream");
            var busy = api.send(stream);
            assertEquals(200, busy.statusCode());
            assertTrue(busy.body().contains("stream.busy"), busy.body());
        } finally {
            parley.redis().restart();
            parley.awaitReady();
        }
    }

    private void awaitAllDown() {
        for (var server :
                List.of("send-api/send-api-1", "send-api/send-api-2", "streams/stream-1", "streams/stream-2")) {
            await(SEEN_MAX, () -> proxy(Proxy.Kind.HAPROXY).log().contains("Server " + server + " is DOWN"));
        }
    }

    private static int openStream(Person person) throws Exception {
        var answer = person.api().openStream(person.api().stream(), person.token(), "");
        answer.body().close();
        return answer.statusCode();
    }

    @ParameterizedTest
    @EnumSource
    void the_services_see_the_clients_own_address_and_https(Proxy.Kind kind) throws Exception {
        int first = kind == Proxy.Kind.HAPROXY ? 10 : 20; // nobody else here comes from these addresses
        var one =
                client().localAddress(InetAddress.ofLiteral("127.0.0." + first)).build();
        var other = client().localAddress(InetAddress.ofLiteral("127.0.0." + (first + 1)))
                .build();
        boolean refused = false;
        for (int i = 0; i < LOGINS; i++) refused |= logIn(kind, one, kind + "-" + i, "10.9.8." + i) == 429;
        assertTrue(refused, "addresses that a client makes up count for nothing");
        assertEquals(401, logIn(kind, other, "other-" + kind, "127.0.0." + first), "this one has tried nothing yet");

        var uri = proxy(kind).uri();
        var body = "{\"username\":\"cookie" + kind.name().toLowerCase(Locale.ROOT)
                + "\",\"password\":\"correct horse\",\"display_name\":\"Somebody\"}";
        var signedUp = one.send(
                json(uri, "/v1/users", body).header("Origin", uri.toString()).build(), BodyHandlers.ofString());
        assertEquals(201, signedUp.statusCode(), "its page was taken for another's: " + signedUp.body());
        String cookie = signedUp.headers().firstValue("set-cookie").orElseThrow();
        assertTrue(cookie.startsWith("__Host-") && cookie.endsWith("; Secure"), cookie);
        assertEquals(
                "max-age=31536000",
                signedUp.headers().firstValue("strict-transport-security").orElse(""));
    }

    private int logIn(Proxy.Kind kind, HttpClient client, String name, String forwardedFor) throws Exception {
        var body = "{\"username\":\"" + name + "\",\"password\":\"short\"}";
        var request = json(proxy(kind).uri(), "/v1/sessions", body).header("X-Forwarded-For", forwardedFor);
        return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    private static HttpRequest.Builder json(URI uri, String path, String body) {
        return HttpRequest.newBuilder(uri.resolve(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    @ParameterizedTest
    @EnumSource
    void uploads_pass_whole_and_what_is_too_large_is_refused(Proxy.Kind kind) throws Exception {
        var ann = api(kind).signUp("ann");
        byte[] file = new byte[UPLOAD_BYTES];
        new Random(1).nextBytes(file);
        try (var client = client().build();
                var careful = client().version(HttpClient.Version.HTTP_1_1).build()) {
            var kept = client.send(upload(ann, file).build(), BodyHandlers.ofString());
            assertEquals(201, kept.statusCode(), kept.body());
            var address = ann.api()
                    .sendApi()
                    .resolve("/v1/media/" + Api.json(kept.body()).get("id").asText());
            var download = HttpRequest.newBuilder(address).header("Authorization", "Bearer " + ann.token());
            assertArrayEquals(
                    file,
                    client.send(download.build(), BodyHandlers.ofByteArray()).body());
            // This client asks before it sends; one that does not may find its connection closed under it.
            var tooLarge = upload(ann, new byte[TOO_MANY_BYTES]).expectContinue(true);
            assertEquals(
                    413,
                    careful.send(tooLarge.build(), BodyHandlers.discarding()).statusCode());
        }
    }

    private static HttpRequest.Builder upload(Person person, byte[] file) {
        return HttpRequest.newBuilder(person.api().sendApi().resolve("/v1/media"))
                .header("Authorization", "Bearer " + person.token())
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofByteArray(file));
    }

    @ParameterizedTest
    @EnumSource
    void each_path_goes_where_it_belongs(Proxy.Kind kind) throws Exception {
        var api = api(kind);
        var ann = api.signUp("ann");
        assertEquals(
                201, api.call("POST", "/v1/stream/tickets", ann.token(), null).statusCode());
        assertEquals(200, api.call("GET", "/openapi.json", null, null).statusCode());
        for (var inside : List.of("/readyz", "/livez", "/metrics")) {
            assertEquals(404, api.call("GET", inside, null, null).statusCode(), inside);
        }
        var plain = api.send(HttpRequest.newBuilder(proxy(kind).plainUri().resolve("/v1/users/me?a=b")));
        assertEquals(308, plain.statusCode());
        var encrypted = kind == Proxy.Kind.HAPROXY ? proxy(kind).uri() : URI.create("https://127.0.0.1");
        assertEquals(
                encrypted + "/v1/users/me?a=b",
                plain.headers().firstValue("location").orElse(""));
        var secret = "sts_never_logged";
        api.call("GET", "/v1/stream?ticket=" + secret, null, null);
        await(SEEN_MAX, () -> proxy(kind).log().contains("/v1/stream/tickets"));
        assertTrue(!proxy(kind).log().contains(secret), "a query was logged");
    }

    /** Else a file of the repository would not be what runs. */
    @Test
    void the_default_configuration_of_haproxy_is_valid_too() throws Exception {
        var command = new ProcessBuilder(
                Programs.required("haproxy", "haproxy").toString(),
                "-c",
                "-f",
                RepositoryFiles.path("infra/haproxy/haproxy.cfg").toString());
        command.environment().put("TLS_PEM", certificate.pem().toString());
        for (var server : List.of("SEND_API_1", "SEND_API_2", "STREAM_1", "STREAM_2")) {
            command.environment().put(server, "127.0.0.1:1"); // the default names exist in compose only
        }
        assertEquals("Configuration file is valid", Programs.run(command).strip());
    }

    private static void await(Duration most, Callable<Boolean> condition) {
        Awaitility.await().atMost(most).pollInterval(Duration.ofMillis(20)).until(condition);
    }
}
