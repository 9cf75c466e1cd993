package chat.parley.notifier;

import static chat.parley.notifier.Pushes.NOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import chat.parley.notifier.FakeFcm.Answer;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.push.PushTarget;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FcmSenderTest {
    private static final PushTarget PHONE = new PushTarget.Fcm("phone-token");
    private static final String SAMPLE = "Lunch at one?";

    private static TestCertificate certificate;

    private FakeFcm fcm;
    private FcmSender sender;
    private Instant now = NOW;

    @BeforeAll
    static void makeACertificate() throws Exception {
        certificate = TestCertificate.make();
    }

    @BeforeEach
    void start() throws Exception {
        fcm = FakeFcm.start(certificate);
        sender = sender(InstantSource.system());
    }

    @AfterEach
    void stop() {
        sender.close();
        fcm.close();
    }

    private FcmSender sender(InstantSource clock) throws Exception {
        return sender(clock, fcm.uri());
    }

    private FcmSender sender(InstantSource clock, URI server) throws Exception {
        var key = FcmKey.of(fcm.credentials().getBytes(UTF_8));
        return new FcmSender(key, server, clock, HttpClient.newBuilder().sslContext(certificate.trusting()));
    }

    @Test
    void an_alert_has_the_documented_shape() throws Exception {
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
        var sent = fcm.sent().getFirst();
        assertEquals("HTTP/2", sent.protocol());
        String expected = """
                {"token": "phone-token",
                 "notification": {"title": "Ann", "body": "Lunch at one?"},
                 "data": {"type": "message", "conversation_id": "%1$s", "seq": "5", "cursor": "%2$s",
                          "url": "/#/c/%1$s", "device_id": "phone-1", "badge": "7"},
                 "android": {"priority": "high", "ttl": "TTL", "collapse_key": "%1$s",
                             "notification": {"tag": "%1$s", "channel_id": "messages", "notification_count": 7}}}
                """.formatted(Pushes.CONVERSATION, Pushes.CURSOR);
        String ttl = sent.message().at("/android/ttl").asText();
        assertEquals(tree(expected.replace("TTL", ttl)), sent.message());
    }

    @Test
    void the_time_to_live_is_what_is_left_and_never_more_than_fcm_takes() {
        assertEquals("3600s", ttl(NOW));
        assertEquals("1s", ttl(NOW.plus(Duration.ofSeconds(3_599))));
        assertEquals("0s", ttl(NOW.plus(Duration.ofDays(1))));
        assertEquals("2419200s", ttl(NOW.minus(Duration.ofDays(60))));
    }

    private static String ttl(Instant at) {
        return tree(new String(FcmMessage.of(Pushes.alert(PHONE, SAMPLE), "t", at), UTF_8))
                .at("/message/android/ttl")
                .asText();
    }

    @Test
    void what_is_not_urgent_does_not_take_the_radio() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE, false));
        assertEquals(
                "normal",
                fcm.sent().getFirst().message().at("/android/priority").asText());
    }

    @Test
    void a_clear_shows_nothing_and_takes_no_collapse_key() throws Exception {
        assertEquals(new Accepted(), sender.send(Pushes.clear(PHONE)));
        String expected = """
                {"token": "phone-token",
                 "data": {"type": "clear", "conversation_id": "%1$s", "read_seq": "9", "device_id": "phone-1", "badge": "3"},
                 "android": {"priority": "normal", "ttl": "TTL"}}
                """.formatted(Pushes.CONVERSATION);
        var message = fcm.sent().getFirst().message();
        assertEquals(tree(expected.replace("TTL", message.at("/android/ttl").asText())), message);
    }

    @Test
    void long_bodies_are_cut_to_what_fcm_takes_whatever_their_bytes() throws Exception {
        String family = "👨‍👩‍👧‍👦";
        for (String character : List.of("a", "ß", "漢", "😀", family, "\"", "\\", "\n", "\u0001")) {
            assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, character.repeat(1_000))), character);
            var message = fcm.sent().getLast().message();
            String body = message.at("/notification/body").asText();
            String kept = body.endsWith("…") ? body.substring(0, body.length() - 1) : body;
            assertEquals(0, kept.length() % character.length(), "cut within a character");
            byte[] whole = FcmMessage.of(Pushes.alert(PHONE, character.repeat(1_000)), "", NOW);
            assertTrue(whole.length <= FcmMessage.BYTES_MAX + 2, character);
            if (body.endsWith("…")) {
                int more = Pushes.bytesInJson(character);
                assertTrue(whole.length + more > FcmMessage.BYTES_MAX, character);
            }
        }
    }

    @Test
    void a_long_token_takes_nothing_from_the_body() throws Exception {
        var far = new PushTarget.Fcm("t".repeat(4_096));
        assertEquals(new Accepted(), sender.send(Pushes.alert(far, "x".repeat(1_000))));
        assertEquals(
                "x".repeat(1_000),
                fcm.sent().getFirst().message().at("/notification/body").asText());
    }

    @Test
    void what_does_not_fit_even_without_a_body_is_refused() throws Exception {
        var alert = Pushes.alert(PHONE, SAMPLE);
        var huge = new Push.Alert(
                alert.device(), 1, alert.expiresAt(), "T".repeat(5_000), "", true, alert.origin(), alert.resumeFrom());
        assertEquals(new Refused(Reasons.TOO_LARGE), sender.send(huge));
        assertEquals(0, fcm.requests());
    }

    @Test
    void the_documented_errors_lead_where_they_should() throws Exception {
        expect(new Gone(null), Answer.error(404, "NOT_FOUND", "UNREGISTERED"));
        expect(new Refused(Reasons.TOPIC), Answer.error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"));
        expect(new Refused(Reasons.INVALID), Answer.error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"));
        expect(new Unavailable(null, Reasons.FAILING), Answer.OUTAGE);
        expect(new Unavailable(null, Reasons.FAILING), Answer.error(500, "INTERNAL", "INTERNAL"));
        expect(new Unavailable(Duration.ofSeconds(30), Reasons.FAILING), Answer.OUTAGE.with("retry-after", "30"));
        expect(
                new Unavailable(FcmAnswers.QUOTA_PAUSE, Reasons.QUOTA),
                Answer.error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"));
        expect(
                new Postponed(null, Reasons.THIRD_PARTY),
                Answer.error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"));
        expect(new Unavailable(null, Reasons.CREDENTIALS), Answer.error(403, "PERMISSION_DENIED", "X"));
    }

    @Test
    void a_bad_token_and_a_bad_message_are_told_apart() throws Exception {
        var bad = Answer.error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
        expect(new Gone(null), bad.withBody("""
                {"error": {"code": 400, "message": "The registration token is not a valid FCM registration token",
                 "status": "INVALID_ARGUMENT", "details": [
                 {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT"}]}}"""));
        expect(new Gone(null), bad.withBody("""
                {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [
                 {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT"},
                 {"@type": "type.googleapis.com/google.rpc.BadRequest",
                  "fieldViolations": [{"field": "message.token", "description": "Invalid registration token"}]}]}}"""));
        expect(new Refused(Reasons.INVALID), bad.withBody("""
                {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [
                 {"@type": "type.googleapis.com/google.rpc.BadRequest",
                  "fieldViolations": [{"field": "message.data[0].value", "description": "Invalid value"}]}]}}"""));
        expect(
                new Refused(Reasons.INVALID),
                bad.withBody("{\"error\": {\"code\": 400, \"message\": \"Request contains an invalid argument.\"}}"));
    }

    @Test
    void a_quota_of_one_device_is_told_apart() throws Exception {
        expect(
                new Postponed(FcmAnswers.QUOTA_PAUSE, Reasons.DEVICE_QUOTA),
                Answer.error(429, "RESOURCE_EXHAUSTED", "x").withBody("""
                {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
                 {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "QUOTA_EXCEEDED"},
                 {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
                  "violations": [{"subject": "device:1", "description": "Device message rate exceeded"}]}]}}"""));
    }

    @Test
    void retry_after_is_understood_as_seconds_and_as_a_date() throws Exception {
        var quota = Answer.error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
        expect(new Unavailable(Duration.ofSeconds(7), Reasons.QUOTA), quota.with("retry-after", "7"));
        String date = DateTimeFormatter.RFC_1123_DATE_TIME
                .withLocale(Locale.ENGLISH)
                .format(Instant.now().plusSeconds(120).atOffset(ZoneOffset.UTC));
        fcm.next(quota.with("retry-after", date));
        var result = assertInstanceOf(Unavailable.class, sender.send(Pushes.alert(PHONE, SAMPLE)));
        long after = Objects.requireNonNull(result.after()).toSeconds();
        assertTrue(after > 110 && after <= 120, () -> after + " s");
        expect(new Unavailable(FcmAnswers.QUOTA_PAUSE, Reasons.QUOTA), quota.with("retry-after", "soon"));
        expect(new Unavailable(RetryAfter.MAX, Reasons.QUOTA), quota.with("retry-after", "999999999999"));
        expect(
                new Unavailable(Duration.ZERO, Reasons.QUOTA),
                quota.with("retry-after", "Mon, 01 Jan 2024 00:00:00 GMT"));
        expect(
                new Unavailable(FcmAnswers.QUOTA_PAUSE, Reasons.QUOTA),
                quota.with("retry-after", "99999999999999999999"));
    }

    @Test
    void answers_of_other_shapes_never_throw_and_never_cost_a_device() throws Exception {
        for (String body : List.of(
                "",
                "<html>",
                "[]",
                "null",
                "{",
                "{\"error\":7}",
                "{\"error\":{\"details\":7}}",
                "{\"error\":{\"details\":[7,{\"errorCode\":null,\"violations\":{}}]}}")) {
            expect(
                    new Unavailable(null, Reasons.ADDRESS),
                    Answer.error(404, "", "").withBody(body));
            expect(
                    new Unavailable(null, Reasons.FAILING),
                    Answer.error(502, "", "").withBody(body));
            expect(
                    new Unavailable(null, Reasons.CREDENTIALS),
                    Answer.error(403, "", "").withBody(body));
            expect(
                    new Unavailable(null, Reasons.ADDRESS),
                    Answer.error(302, "", "").withBody(body));
            expect(new Refused(Reasons.INVALID), Answer.error(400, "", "").withBody(body));
            expect(new Refused(Reasons.UNEXPECTED), Answer.error(418, "", "").withBody(body));
            expect(new Refused(Reasons.TOO_LARGE), Answer.error(413, "", "").withBody(body));
        }
    }

    @Test
    void a_removed_app_is_gone() throws Exception {
        fcm.kill("phone-token");
        assertEquals(new Gone(null), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void a_reset_connection_is_an_unknown_outcome_and_the_next_push_goes_through() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE));
        fcm.next(Answer.RESET);
        assertThrows(IOException.class, () -> sender.send(Pushes.alert(PHONE, SAMPLE)));
        assertEquals(2, fcm.requests(), "not sent twice behind our back");
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void a_slow_answer_is_waited_for_and_a_missing_one_ends_after_ten_seconds() throws Exception {
        fcm.next(Answer.slow(Duration.ofMillis(700)));
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
        fcm.next(Answer.slow(Duration.ofSeconds(30)));
        long begun = System.nanoTime();
        assertThrows(IOException.class, () -> sender.send(Pushes.alert(PHONE, SAMPLE)));
        assertEquals(15.0, (System.nanoTime() - begun) / 1e9, 5.5, "seconds"); // ten, and a busy machine
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void fifty_pushes_at_once_share_one_access_token() throws Exception {
        assertEquals(allAccepted(50), inParallel(50));
        assertEquals(1, fcm.tokensGiven());
        assertEquals(50, fcm.requests());
    }

    @Test
    void however_many_come_first_one_connection_is_opened() throws Exception {
        sender.close();
        try (var network = new Relay(fcm.uri().getPort())) {
            sender = sender(InstantSource.system(), URI.create("https://127.0.0.1:" + network.port()));
            assertEquals(allAccepted(80), inParallel(80));
            assertEquals(1, network.connections());
            network.cut();
            Awaitility.await().untilAsserted(() -> assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, "x"))));
            int before = network.connections();
            assertEquals(allAccepted(80), inParallel(80));
            assertEquals(before, network.connections());
            sender.close();
        }
    }

    @Test
    void more_pushes_at_once_than_a_connection_takes_all_arrive() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE)); // the connection is there
        fcm.always(Answer.slow(Duration.ofMillis(200)));
        assertEquals(allAccepted(250), inParallel(250));
    }

    @Test
    void an_access_token_that_ended_early_is_replaced_once_for_all() throws Exception {
        sender.send(Pushes.alert(PHONE, SAMPLE));
        fcm.expireTokens();
        assertEquals(allAccepted(50), inParallel(50));
        assertEquals(2, fcm.tokensGiven());
    }

    @Test
    void an_access_token_is_replaced_before_it_ends_and_nobody_waits_for_it() throws Exception {
        sender.close();
        sender = sender(() -> now);
        now = Instant.now();
        assertEquals(allAccepted(20), inParallel(20));
        now = now.plus(Duration.ofMinutes(54));
        assertEquals(allAccepted(20), inParallel(20));
        assertEquals(1, fcm.tokensGiven(), "good for another five minutes");
        now = now.plus(Duration.ofMinutes(2));
        assertEquals(allAccepted(20), inParallel(20));
        Awaitility.await().untilAsserted(() -> assertEquals(2, fcm.tokensGiven()));
    }

    @Test
    void with_the_token_server_away_the_old_token_serves_to_its_end() throws Exception {
        sender.close();
        sender = sender(() -> now);
        now = Instant.now();
        sender.send(Pushes.alert(PHONE, SAMPLE));
        fcm.setTokenTrouble(Answer.OUTAGE);
        now = now.plus(Duration.ofMinutes(56));
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
        now = now.plus(Duration.ofMinutes(4));
        assertEquals(new Unavailable(null, Reasons.NO_TOKEN), sender.send(Pushes.alert(PHONE, SAMPLE)));
        fcm.setTokenTrouble(null);
        assertEquals(new Accepted(), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void a_service_account_that_google_does_not_know_is_a_matter_of_credentials() throws Exception {
        fcm.setTokenTrouble(Answer.error(400, "", "").withBody("{\"error\":\"invalid_grant\"}"));
        assertEquals(new Unavailable(null, Reasons.CREDENTIALS), sender.send(Pushes.alert(PHONE, SAMPLE)));
        assertEquals(0, fcm.requests());
        fcm.setTokenTrouble(Answer.RESET);
        assertEquals(new Unavailable(null, Reasons.NO_TOKEN), sender.send(Pushes.alert(PHONE, SAMPLE)));
    }

    @Test
    void tokens_that_fcm_never_takes_are_tried_twice_and_no_more() throws Exception {
        fcm.always(Answer.error(401, "UNAUTHENTICATED", "x"));
        assertEquals(new Unavailable(null, Reasons.CREDENTIALS), sender.send(Pushes.alert(PHONE, SAMPLE)));
        assertEquals(2, fcm.requests());
    }

    private void expect(PushResult expected, Answer answer) throws Exception {
        fcm.next(answer);
        assertEquals(expected, sender.send(Pushes.alert(PHONE, SAMPLE)), answer::toString);
    }

    private static Map<PushResult, Integer> allAccepted(int count) {
        return Map.of(new Accepted(), count);
    }

    /** How often each result came. */
    private Map<PushResult, Integer> inParallel(int count) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pushes = new ArrayList<Callable<PushResult>>();
            for (int i = 0; i < count; i++) {
                pushes.add(() -> sender.send(Pushes.alert(PHONE, SAMPLE)));
            }
            var results = new HashMap<PushResult, Integer>();
            for (Future<PushResult> each : threads.invokeAll(pushes, 20, TimeUnit.SECONDS)) {
                results.merge(each.get(), 1, Integer::sum);
            }
            return results;
        }
    }

    private static JsonNode tree(String json) {
        try {
            return Json.MAPPER.readTree(json);
        } catch (IOException e) {
            throw new IllegalArgumentException(json, e);
        }
    }
}
