package chat.parley.notifier;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.notifier.LocalPushService.Misbehaviour;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import chat.parley.notifier.Push.Origin;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.postgres.Postgres;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.PushTarget;
import chat.parley.push.SubscriptionRules;
import chat.parley.push.VapidKeys;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebPushSenderTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final ConversationId CONVERSATION = new ConversationId(777_777_777_777_777_777L);
    private static final Cursor CURSOR = new Cursor(1_763_842_503_127L, 5, 1_763_842_503_127L, "a");

    private final StepClock clock = StepClock.started();
    private final Postgres postgres = Postgres.open(POSTGRES.address(), 2);
    private final VapidKeys keys = new VapidKeys(postgres, clock);
    private final LocalPushService service = LocalPushService.start(clock);
    private final WebPushSender sender = sender("mailto:admin@example.org");
    private final PushTarget.WebPush subscription = service.subscribe(keys.publicKey());

    @AfterEach
    void close() {
        sender.close();
        service.close();
        postgres.close();
    }

    @Test
    void a_browser_reads_what_was_meant_for_it() throws Exception {
        var alert = alert("Ann Smith", "Tea at five? 🫖");
        assertInstanceOf(Accepted.class, sender.send(alert));

        var push = service.received().getFirst();
        var json = push.json();
        assertEquals("message", json.path("type").asText());
        assertEquals("Ann Smith", json.path("title").asText());
        assertEquals("Tea at five? 🫖", json.path("body").asText());
        assertEquals(CONVERSATION.toString(), json.path("conversation_id").asText());
        assertEquals(42, json.path("seq").asLong());
        assertEquals("/#/c/" + CONVERSATION, json.path("url").asText());
        assertEquals(3, json.path("badge").asInt());
        assertEquals("browser-1", json.path("device_id").asText());
        assertEquals(CURSOR.toString(), json.path("cursor").asText());
        assertEquals(subscription.endpoint(), push.endpoint());
    }

    @Test
    void headers_tell_the_service_how_long_how_soon_and_what_it_replaces() throws Exception {
        sender.send(alert("a", "b"));
        sender.send(alert("a", "b", subscription, false));
        sender.send(clear(subscription));

        var pushes = service.received();
        assertEquals(
                List.of("high", "normal", "low"),
                pushes.stream().map(push -> push.headers().get("urgency")).toList());
        for (var push : pushes) {
            assertEquals("3600", push.headers().get("ttl"));
            assertEquals(CONVERSATION.toString(), push.headers().get("topic"));
            assertEquals("aes128gcm", push.headers().get("content-encoding"));
            assertEquals(keys.publicKey(), push.senderKey());
            assertEquals("mailto:admin@example.org", push.contact());
        }
        var last = pushes.getLast().json();
        assertEquals("clear", last.path("type").asText());
        assertEquals(42, last.path("read_seq").asLong());
        assertFalse(last.has("title") || last.has("body"), last::toString);
    }

    @Test
    void what_is_past_its_time_is_for_those_who_listen_now_and_nothing_is_kept_over_28_days() throws Exception {
        clock.advance(Duration.ofHours(2));
        sender.send(alert("a", "b"));
        assertEquals("0", service.received().getFirst().headers().get("ttl"));
        clock.advance(Duration.ofDays(-40));
        sender.send(alert("a", "b"));
        assertEquals("2419200", service.received().getLast().headers().get("ttl"));
    }

    @Test
    void a_long_text_is_cut_between_characters_and_fits() throws Exception {
        String family = "👨‍👩‍👧‍👦"; // 25 bytes
        sender.send(alert("Ann", family.repeat(250)));
        var push = service.received().getFirst();
        String shown = push.json().path("body").asText();
        assertTrue(push.bodyBytes() <= 3_000 && push.bodyBytes() > 3_000 - 26, "bytes " + push.bodyBytes());
        assertTrue(shown.endsWith(family + "…"), shown);
        assertEquals("", shown.replace(family, "").replace("…", ""));
    }

    @Test
    void a_text_that_fits_to_the_byte_is_not_cut() throws Exception {
        sender.send(alert("Ann", ""));
        int rest = 3_000 - service.received().getFirst().bodyBytes();
        sender.send(alert("Ann", "x".repeat(rest)));
        sender.send(alert("Ann", "x".repeat(rest + 1)));
        var pushes = service.received();
        assertEquals(3_000, pushes.get(1).bodyBytes());
        assertEquals("x".repeat(rest), pushes.get(1).json().path("body").asText());
        assertTrue(pushes.get(2).json().path("body").asText().endsWith("…"));
    }

    @Test
    void a_title_that_fits_nowhere_is_refused() throws Exception {
        assertEquals(new Refused("too_large"), sender.send(alert("x".repeat(4_000), "y")));
        assertEquals(0, service.requests());
    }

    @ParameterizedTest
    @CsvSource({
        "200, Accepted",
        "201, Accepted",
        "202, Accepted",
        "404, Gone",
        "410, Gone",
        "413, Refused too_large",
        "400, Refused invalid",
        "405, Refused invalid",
        "301, Refused unexpected",
        "307, Refused unexpected",
        "401, Postponed credentials",
        "403, Postponed credentials",
        "406, Postponed quota",
        "408, Unavailable failing",
        "429, Postponed quota",
        "500, Unavailable failing",
        "502, Unavailable failing",
        "503, Unavailable failing"
    })
    void every_answer_has_its_meaning(int status, String meaning) throws Exception {
        service.next(new Misbehaviour.Answer(status, Map.of(), "{\"reason\":\"whatever\"}"));
        assertEquals(meaning, words(sender.send(alert("a", "b"))));
        assertEquals(1, service.requests());
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 410})
    void a_subscription_that_ended_is_gone_as_of_now(int status) throws Exception {
        service.expire(subscription, status);
        assertEquals(new Gone(null), sender.send(alert("a", "b")));
    }

    @ParameterizedTest
    @CsvSource({
        "400, '{\"reason\":\"VapidPkHashMismatch\"}'",
        "401, '{\"code\":401,\"errno\":109,\"error\":\"Unauthorized\",\"message\":\"VAPID public key mismatch\"}'"
    })
    void a_subscription_made_for_another_key_is_gone_since_it_will_never_take_ours(int status, String body)
            throws Exception {
        service.next(new Misbehaviour.Answer(status, Map.of("Content-Type", "application/json"), body));
        assertEquals(new Gone(null), sender.send(alert("a", "b")));
    }

    @Test
    void a_service_that_looks_at_the_key_itself_is_understood() throws Exception {
        var ofAnother = service.subscribe("B" + "A".repeat(86));
        assertEquals(new Gone(null), sender.send(alert("a", "b", ofAnother, true)));
        assertEquals(List.of(), service.received());
    }

    @ParameterizedTest
    @CsvSource({
        "7, 7",
        "0, 0",
        "99999999999, 3600",
        "-1, ",
        "soon, ",
        "'Sun, 22 Nov 2026 20:16:03 GMT', 59.873",
        "'Sun, 22 Nov 2026 20:15:03 GMT', 0"
    })
    void how_long_it_wants_to_be_left_alone_is_read(String header, @Nullable String seconds) throws Exception {
        var after = seconds == null ? null : Duration.parse("PT" + seconds + "S");
        service.next(
                new Misbehaviour.Answer(429, Map.of("Retry-After", header), ""),
                new Misbehaviour.Answer(503, Map.of("Retry-After", header), ""));
        assertEquals(new PushResult.Postponed(after, "quota"), sender.send(alert("a", "b")));
        assertEquals(new Unavailable(after, "failing"), sender.send(alert("a", "b")));
    }

    @Test
    void a_reset_connection_leaves_it_unknown_and_nothing_is_sent_twice() throws Exception {
        service.next(new Misbehaviour.Reset());
        assertThrows(IOException.class, () -> sender.send(alert("a", "b")));
        assertEquals(1, service.requests());
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
    }

    @Test
    void an_answer_that_comes_too_late_or_byte_by_byte_ends_in_time() throws Exception {
        for (var slow :
                List.of(new Misbehaviour.Late(Duration.ofSeconds(60)), new Misbehaviour.Drip(Duration.ofMillis(800)))) {
            service.next(slow);
            long start = System.nanoTime();
            assertThrows(IOException.class, () -> sender.send(alert("a", "b")));
            long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
            assertTrue(millis > 9_000 && millis < 30_000, slow + " took " + millis + " ms");
        }
    }

    @Test
    void of_an_endless_answer_only_the_beginning_is_read() throws Exception {
        service.next(new Misbehaviour.Flood(100_000_000_000L));
        long start = System.nanoTime();
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
        assertTrue(Duration.ofNanos(System.nanoTime() - start).toSeconds() < 15, "the rest was read too");
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
        assertEquals(2, service.connections());
    }

    @Test
    void connections_are_kept_and_made_anew_when_the_service_ended_them() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
        }
        service.next(new Misbehaviour.Answer(503, Map.of(), "x".repeat(1_000)));
        sender.send(alert("a", "b"));
        sender.send(alert("a", "b"));
        assertEquals(1, service.connections());
        service.cutConnections();
        await().pollDelay(Duration.ofMillis(1_100)) // what was idle for a second is looked at before use
                .untilAsserted(() -> assertInstanceOf(Accepted.class, sender.send(alert("a", "b"))));
        assertEquals(2, service.connections());
    }

    @Test
    void many_at_once_are_each_encrypted_for_their_own_browser() throws Exception {
        int pushes = 400;
        var calls = new ArrayList<Callable<PushResult>>();
        for (int i = 0; i < pushes; i++) {
            var to = service.subscribe(keys.publicKey());
            String title = to.endpoint().getPath();
            calls.add(() -> sender.send(alert(title, "b", to, true)));
        }
        try (var threads = Executors.newFixedThreadPool(32)) {
            for (var result : threads.invokeAll(calls)) {
                assertInstanceOf(Accepted.class, result.get());
            }
        }
        assertEquals(List.of(), service.faults());
        assertEquals(pushes, service.received().size());
        for (var push : service.received()) {
            assertEquals(push.endpoint().getPath(), push.json().path("title").asText());
        }
        assertTrue(service.connections() <= 32, "connections " + service.connections());
    }

    @Test
    void a_token_serves_for_six_hours_and_is_never_older_than_twelve() throws Exception {
        var tokens = new ArrayList<String>();
        for (int hour = 0; hour < 13; hour++) {
            assertInstanceOf(Accepted.class, sender.send(alert("a", "b"))); // the service looks at exp
            tokens.add(service.received().getLast().headers().get("authorization"));
            clock.advance(Duration.ofHours(1));
        }
        assertEquals(3, new HashSet<>(tokens).size());
        assertEquals(tokens.get(0), tokens.get(5));
        assertEquals(tokens.get(6), tokens.get(11));
        clock.advance(Duration.ofDays(-3)); // a clock set back: those tokens would live too long
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
    }

    @Test
    void without_a_contact_there_is_none_in_the_token() throws Exception {
        try (var without = sender(null)) {
            assertInstanceOf(Accepted.class, without.send(alert("a", "b")));
            assertNull(service.received().getFirst().contact());
        }
    }

    @Test
    void safari_gets_no_push_that_shows_nothing() throws Exception {
        var safari = new PushTarget.WebPush(
                URI.create("https://web.push.apple.com/x"), subscription.p256dh(), subscription.auth());
        assertEquals(new Refused("silent"), sender.send(clear(safari)));
    }

    @Test
    void keys_that_are_none_are_refused() throws Exception {
        var broken = new PushTarget.WebPush(subscription.endpoint(), "AAAA", subscription.auth());
        assertEquals(new Refused("bad_keys"), sender.send(alert("a", "b", broken, true)));
        assertEquals(0, service.requests());
    }

    @Test
    void without_postgresql_it_is_to_be_tried_again_until_the_key_was_read_once() throws Exception {
        try (var away = Postgres.open(new Postgres.Address("jdbc:postgresql://127.0.0.1:1/none", "nobody", null), 2);
                var keyless = new WebPushSender(settings("mailto:a@example.org"), new VapidKeys(away, clock), clock)) {
            assertEquals(new Unavailable(null, "no_token"), keyless.send(alert("a", "b")));
        }
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
        postgres.close();
        assertInstanceOf(Accepted.class, sender.send(alert("a", "b")));
    }

    private WebPushSender sender(@Nullable String contact) {
        return new WebPushSender(settings(contact), keys, clock);
    }

    private static WebPushSettings settings(@Nullable String contact) {
        return new WebPushSettings(contact, new SubscriptionRules(true));
    }

    private static String words(PushResult result) {
        return switch (result) {
            case Accepted unused -> "Accepted";
            case Gone unused -> "Gone";
            case PushResult.Postponed postponed -> "Postponed " + postponed.reason();
            case Refused refused -> "Refused " + refused.reason();
            case Unavailable unavailable -> "Unavailable " + unavailable.reason();
        };
    }

    private Alert alert(String title, String body) {
        return alert(title, body, subscription, true);
    }

    private Alert alert(String title, String body, PushTarget.WebPush to, boolean urgent) {
        return new Alert(device(to), 3, expiresAt(), title, body, urgent, new Origin(CONVERSATION, 42), CURSOR);
    }

    private Clear clear(PushTarget.WebPush to) {
        return new Clear(device(to), 2, expiresAt(), CONVERSATION, 42);
    }

    private static Instant expiresAt() {
        return StepClock.started().instant().plus(Duration.ofHours(1));
    }

    private static Device device(PushTarget.WebPush to) {
        return new Device(
                new UserId(5), new DeviceId("browser-1"), to, Locale.ENGLISH, DeviceState.BACKGROUND, Instant.EPOCH);
    }
}
