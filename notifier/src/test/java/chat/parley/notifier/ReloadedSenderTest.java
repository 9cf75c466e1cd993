package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.notifier.FakeFcm.Answer;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.push.PushTarget;
import chat.parley.push.Vendor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials replaced under way, over real connections to two vendors' servers that know one service account each. */
class ReloadedSenderTest {
    private static final Push ALERT = Pushes.alert(new PushTarget.Fcm("t"), "hello");

    @TempDir
    private Path folder;

    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final List<Watched> opened = new CopyOnWriteArrayList<>();
    private FakeFcm first;
    private FakeFcm second;
    private Path file;
    private ReloadedSender sender;

    /** A real sender, and whether it was closed. */
    private static final class Watched implements PushSender {
        private final PushSender sender;
        private volatile boolean closed;

        Watched(PushSender sender) {
            this.sender = sender;
        }

        @Override
        public Vendor vendor() {
            return sender.vendor();
        }

        @Override
        public PushResult send(Push push) throws IOException, InterruptedException {
            assertFalse(closed, "a push came to a closed sender");
            return sender.send(push);
        }

        @Override
        public void close() {
            assertFalse(closed, "closed twice");
            closed = true;
            sender.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        first = FakeFcm.start();
        second = FakeFcm.start();
        file = Files.writeString(folder.resolve("account.json"), first.credentials());
        sender = ReloadedSender.open(Vendor.FCM, file, this::open, meters);
    }

    @AfterEach
    void stop() {
        sender.close();
        first.close();
        second.close();
    }

    /** Both accounts are of the same project, so the token server tells where to send. */
    private PushSender open(byte[] credentials) {
        var key = FcmKey.of(credentials);
        var server = URI.create(
                "http://127.0.0.1:" + key.account().getTokenServerUri().getPort());
        var opening = new Watched(new FcmSender(key, server, InstantSource.system()));
        opened.add(opening);
        return opening;
    }

    @Test
    void new_credentials_are_taken_and_pushes_under_way_are_still_answered() throws Exception {
        first.next(Answer.slow(Duration.ofSeconds(2)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var slow = threads.submit(() -> sender.send(ALERT));
            Awaitility.await().untilAsserted(() -> assertEquals(1, first.requests()));
            Files.writeString(file, second.credentials());
            sender.look();
            assertEquals(new Accepted(), sender.send(ALERT));
            assertEquals(1, second.requests());
            assertFalse(opened.getFirst().closed, "a push is still under way");
            assertEquals(new Accepted(), slow.get());
        }
        assertTrue(opened.getFirst().closed);
        assertEquals(1, first.requests());
        assertEquals(2, opened.size());
        assertEquals(0.0, unusable());
    }

    @Test
    void a_file_that_did_not_change_opens_nothing() {
        sender.look();
        sender.look();
        assertEquals(1, opened.size());
    }

    @Test
    void a_bad_file_changes_nothing_but_the_metric_and_a_good_one_mends_it() throws Exception {
        for (String bad : List.of("", "{", second.credentials().substring(0, 100))) {
            Files.writeString(file, bad);
            sender.look();
            assertEquals(1.0, unusable());
            assertEquals(new Accepted(), sender.send(ALERT));
        }
        Files.delete(file);
        sender.look();
        assertEquals(1.0, unusable());
        Files.writeString(file, first.credentials());
        sender.look();
        assertEquals(0.0, unusable());
        assertEquals(1, opened.size(), "the same as before");
        Files.writeString(file, second.credentials());
        sender.look();
        assertEquals(0.0, unusable());
        sender.send(ALERT);
        assertEquals(1, second.requests());
    }

    @Test
    void a_revoked_account_is_replaced_without_a_restart() throws Exception {
        first.setTokenTrouble(Answer.error(400, "", "").withBody("{\"error\":\"invalid_grant\"}"));
        assertEquals(new Unavailable(null, Reasons.CREDENTIALS), sender.send(ALERT));
        Files.writeString(file, second.credentials());
        sender.look();
        assertEquals(new Accepted(), sender.send(ALERT));
    }

    @Test
    void a_bad_file_stops_the_start() throws Exception {
        var bad = Files.write(folder.resolve("bad.json"), "{".getBytes(UTF_8));
        assertThrows(IllegalArgumentException.class, () -> ReloadedSender.open(Vendor.FCM, bad, this::open, meters));
    }

    @Test
    void once_closed_it_sends_nothing() throws Exception {
        sender.send(ALERT);
        sender.close();
        assertTrue(opened.getFirst().closed);
        assertThrows(IOException.class, () -> sender.send(ALERT));
    }

    private double unusable() {
        return meters.get("parley.push.credentials.unusable")
                .tag("vendor", "fcm")
                .gauge()
                .value();
    }
}
