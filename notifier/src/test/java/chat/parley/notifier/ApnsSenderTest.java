package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.push.PushTarget;
import chat.parley.push.PushTarget.ApnsEnvironment;
import com.eatthepath.pushy.apns.server.RejectionReason;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ApnsSenderTest {
    private static final String TOKEN = "a1".repeat(32);
    private static final PushTarget PHONE = target(ApnsEnvironment.PRODUCTION);
    private static final String SAMPLE = "Lunch at one?";

    private static TestCertificate certificate;

    private FakeApns apns;
    private Relay network;
    private ApnsSender sender;

    @BeforeAll
    static void makeACertificate() throws Exception {
        certificate = TestCertificate.make();
    }

    @BeforeEach
    void start() throws Exception {
        apns = FakeApns.start(certificate);
        apns.addDevice(TOKEN);
        network = new Relay(apns.port());
        sender = new ApnsSender(ApnsKey.of(apns.key().getBytes(UTF_8), FakeApns.KEY_ID, FakeApns.TEAM_ID), servers());
    }

    @AfterEach
    void stop() throws Exception {
        sender.close();
        network.close();
        apns.close();
    }

    private ApnsServers servers() {
        return new ApnsServers(URI.create("https://127.0.0.1:" + network.port()), List.of(certificate.certificate()));
    }

    private static PushTarget target(ApnsEnvironment environment) {
        return new PushTarget.Apns(TOKEN, environment, FakeApns.TOPIC);
    }

    @Test
    void an_alert_has_the_documented_shape() throws Exception {
        var alert = Pushes.alert(PHONE, SAMPLE);
        assertEquals(new Accepted(), sender.send(alert));
        var sent = apns.sent().getFirst();
        assertEquals(TOKEN, sent.token());
        assertHeaders(
                Map.of(
                        "apns-topic",
                        FakeApns.TOPIC,
                        "apns-push-type",
                        "alert",
                        "apns-priority",
                        "10",
                        "apns-collapse-id",
                        Pushes.CONVERSATION.toString(),
                        "apns-expiration",
                        Long.toString(alert.expiresAt().getEpochSecond())),
                sent);
        String expected = """
                {"aps": {"alert": {"title": "Ann", "body": "Lunch at one?"}, "badge": 7, "sound": "default",
                         "thread-id": "%1$s", "mutable-content": 1},
                 "parley": {"type": "message", "conversation_id": "%1$s", "seq": 5, "cursor": "%2$s",
                            "url": "/#/c/%1$s", "device_id": "phone-1", "badge": 7}}
                """.formatted(Pushes.CONVERSATION, Pushes.CURSOR);
        assertEquals(Json.MAPPER.readTree(expected), sent.payload());
    }

    @Test
    void what_is_not_urgent_waits_for_the_device_to_be_awake() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE, false));
        assertHeaders(
                Map.of("apns-push-type", "alert", "apns-priority", "5"),
                apns.sent().getFirst());
    }

    @Test
    void a_clear_is_a_background_push_with_nothing_to_notice_and_replaces_no_alert() throws Exception {
        assertEquals(new Accepted(), sender.send(Pushes.clear(PHONE)));
        var sent = apns.sent().getFirst();
        assertHeaders(
                Map.of(
                        "apns-push-type", "background",
                        "apns-priority", "5",
                        "apns-collapse-id", "clear." + Pushes.CONVERSATION),
                sent);
        String expected = """
                {"aps": {"content-available": 1},
                 "parley": {"type": "clear", "conversation_id": "%s", "read_seq": 9, "device_id": "phone-1", "badge": 3}}
                """.formatted(Pushes.CONVERSATION);
        assertEquals(Json.MAPPER.readTree(expected), sent.payload());
    }

    @Test
    void long_bodies_are_cut_to_what_apns_takes_whatever_their_bytes() throws Exception {
        String family = "👨‍👩‍👧‍👦";
        for (String character : List.of("a", "漢", "😀", family, "\"", "\n", "\u0001")) {
            assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, character.repeat(1_000))), character);
            var sent = apns.sent().getLast();
            assertTrue(sent.payloadBytes() <= ApnsPayload.BYTES_MAX, character);
            String body = sent.payload().at("/aps/alert/body").asText();
            if (body.endsWith("…")) {
                assertEquals(0, (body.length() - 1) % character.length(), "cut within a character");
                int more = Pushes.bytesInJson(character);
                assertTrue(sent.payloadBytes() + more > ApnsPayload.BYTES_MAX, character);
            }
        }
    }

    @Test
    void what_does_not_fit_even_without_a_body_is_refused() throws Exception {
        var alert = Pushes.alert(PHONE, SAMPLE);
        var huge = new Push.Alert(
                alert.device(), 1, alert.expiresAt(), "T".repeat(5_000), "", true, alert.origin(), alert.resumeFrom());
        assertEquals(new Refused(Reasons.TOO_LARGE), sender.send(huge));
    }

    @Test
    void a_removed_app_is_gone_since_the_time_that_apple_tells() throws Exception {
        var since = Instant.ofEpochMilli(1_700_000_000_123L);
        apns.kill(TOKEN, since);
        assertEquals(new Gone(since), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void every_refusal_that_apple_documents_leads_where_it_should() throws Exception {
        var expected = new HashMap<RejectionReason, PushResult>();
        for (var reason : List.of(
                RejectionReason.BAD_DEVICE_TOKEN,
                RejectionReason.DEVICE_TOKEN_NOT_FOR_TOPIC,
                RejectionReason.MISSING_DEVICE_TOKEN,
                RejectionReason.UNREGISTERED)) {
            expected.put(reason, new Gone(null));
        }
        for (var reason : List.of(
                RejectionReason.INTERNAL_SERVER_ERROR,
                RejectionReason.SERVICE_UNAVAILABLE,
                RejectionReason.SHUTDOWN,
                RejectionReason.IDLE_TIMEOUT)) {
            expected.put(reason, new Unavailable(null, Reasons.FAILING));
        }
        for (var reason : List.of(
                RejectionReason.INVALID_PROVIDER_TOKEN,
                RejectionReason.EXPIRED_PROVIDER_TOKEN,
                RejectionReason.MISSING_PROVIDER_TOKEN,
                RejectionReason.FORBIDDEN,
                RejectionReason.BAD_CERTIFICATE,
                RejectionReason.BAD_CERTIFICATE_ENVIRONMENT)) {
            expected.put(reason, new Unavailable(null, Reasons.CREDENTIALS));
        }
        for (var reason :
                List.of(RejectionReason.TOPIC_DISALLOWED, RejectionReason.BAD_TOPIC, RejectionReason.MISSING_TOPIC)) {
            expected.put(reason, new Refused(Reasons.TOPIC));
        }
        expected.put(RejectionReason.TOO_MANY_REQUESTS, new Postponed(null, Reasons.DEVICE_QUOTA));
        expected.put(
                RejectionReason.TOO_MANY_PROVIDER_TOKEN_UPDATES,
                new Unavailable(ApnsAnswers.PROVIDER_TOKEN_PAUSE, Reasons.QUOTA));
        expected.put(RejectionReason.PAYLOAD_TOO_LARGE, new Refused(Reasons.TOO_LARGE));
        expected.put(RejectionReason.BAD_PATH, new Unavailable(null, Reasons.ADDRESS));
        for (var reason : EnumSet.allOf(RejectionReason.class)) {
            apns.next(FakeApns.refuse(reason));
            assertEquals(
                    expected.getOrDefault(reason, new Refused(Reasons.INVALID)),
                    sender.send(Pushes.alert(PHONE, SAMPLE)),
                    reason::toString);
        }
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)), "none of them spoils the next push");
    }

    @Test
    void refusals_that_pushys_server_does_not_know_are_told_apart_too() {
        assertEquals(new Gone(Instant.EPOCH), ApnsAnswers.refusal(410, "ExpiredToken", Instant.EPOCH));
        assertEquals(new Gone(Instant.EPOCH), ApnsAnswers.refusal(410, null, Instant.EPOCH));
        assertEquals(
                new Unavailable(null, Reasons.CREDENTIALS), ApnsAnswers.refusal(403, "UnrelatedKeyIdInToken", null));
        assertEquals(new Refused(Reasons.TOPIC), ApnsAnswers.refusal(403, "BadEnvironmentKeyIdInToken", null));
        assertEquals(new Unavailable(null, Reasons.QUOTA), ApnsAnswers.refusal(429, "SomethingNew", null));
        assertEquals(new Unavailable(null, Reasons.FAILING), ApnsAnswers.refusal(502, null, null));
        assertEquals(new Refused(Reasons.INVALID), ApnsAnswers.refusal(400, "SomethingNew", null));
    }

    @Test
    void a_key_that_apple_does_not_know_is_a_matter_of_credentials() throws Exception {
        try (var stranger =
                new ApnsSender(ApnsKey.of(apns.key().getBytes(UTF_8), "OTHER12345", FakeApns.TEAM_ID), servers())) {
            assertEquals(new Unavailable(null, Reasons.CREDENTIALS), stranger.send(Pushes.alert(PHONE, SAMPLE)));
        }
    }

    @Test
    void each_environment_has_a_connection_of_its_own_opened_when_needed() throws Exception {
        assertEquals(0, apns.connections());
        sender.send(Pushes.alert(PHONE, SAMPLE));
        sender.send(Pushes.alert(PHONE, SAMPLE));
        assertEquals(1, apns.connections());
        sender.send(Pushes.alert(target(ApnsEnvironment.SANDBOX), SAMPLE));
        assertEquals(2, apns.connections());
    }

    @Test
    void a_reset_connection_is_an_unknown_outcome_and_the_next_push_goes_through() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE));
        var held = new CountDownLatch(1);
        var arrived = new CountDownLatch(1);
        apns.next(() -> {
            arrived.countDown();
            FakeApns.hold(held).run();
        });
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var push = threads.submit(() -> sender.send(Pushes.alert(PHONE, SAMPLE)));
            assertTrue(arrived.await(5, TimeUnit.SECONDS));
            network.cut();
            var failure = assertThrows(ExecutionException.class, push::get);
            assertInstanceOf(IOException.class, failure.getCause());
            held.countDown();
        }
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void after_an_outage_the_first_push_goes_through_and_nothing_old_comes_after_it() throws Exception {
        network.setDown(true);
        for (int i = 0; i < 5; i++) {
            assertThrows(IOException.class, () -> sender.send(Pushes.alert(PHONE, "old")));
        }
        network.setDown(false);
        long begun = System.nanoTime();
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, "new")));
        assertTrue(System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(8), "Pushy alone would pause for 16 s");
        Awaitility.await()
                .during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertEquals(1, apns.sent().size()));
    }

    @Test
    void a_slow_answer_is_waited_for_and_a_missing_one_ends_after_ten_seconds() throws Exception {
        var held = new CountDownLatch(1);
        apns.next(FakeApns.hold(held));
        long begun = System.nanoTime();
        assertThrows(IOException.class, () -> sender.send(Pushes.alert(PHONE, SAMPLE)));
        assertEquals(15.0, (System.nanoTime() - begun) / 1e9, 5.5, "seconds"); // ten, and a busy machine
        held.countDown();
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void many_pushes_at_once_share_one_connection() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pushes = new ArrayList<Callable<PushResult>>();
            for (int i = 0; i < 1_500; i++) { // more than the 1,000 streams that Apple's servers take
                pushes.add(() -> sender.send(Pushes.alert(PHONE, SAMPLE)));
            }
            for (var each : threads.invokeAll(pushes, 20, TimeUnit.SECONDS)) {
                assertEquals(new Accepted(), each.get());
            }
        }
        assertEquals(1, apns.connections());
    }

    private static void assertHeaders(Map<String, String> expected, FakeApns.Sent sent) {
        var found = new HashMap<>(sent.headers());
        found.keySet().retainAll(expected.keySet());
        assertEquals(expected, found);
    }
}
