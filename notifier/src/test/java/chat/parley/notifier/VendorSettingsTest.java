package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.notifier.PushResult.Accepted;
import chat.parley.ops.Settings;
import chat.parley.push.PushTarget;
import chat.parley.push.PushTarget.ApnsEnvironment;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From environment variables to a push that arrived, and every way in which they can be wrong. */
class VendorSettingsTest {
    private static final String TOKEN = "b2".repeat(32);

    private static TestCertificate certificate;
    private static FakeFcm fcm;
    private static FakeApns apns;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws Exception {
        certificate = TestCertificate.make();
        fcm = FakeFcm.start();
        apns = FakeApns.start(certificate);
        apns.addDevice(TOKEN);
    }

    @AfterAll
    static void stop() {
        fcm.close();
        apns.close();
    }

    @Test
    void with_nothing_set_both_are_off() {
        assertNull(FcmSettings.from(new Settings(Map.of())));
        assertNull(ApnsSettings.from(new Settings(Map.of())));
    }

    @Test
    void fcm_works_by_text_and_by_file() throws Exception {
        var file = Files.writeString(folder.resolve("account.json"), fcm.credentials());
        for (var environment : List.of(
                Map.of("PARLEY_FCM_CREDENTIALS", fcm.credentials()),
                Map.of("PARLEY_FCM_CREDENTIALS_FILE", file.toString()))) {
            var all = new HashMap<>(environment);
            all.put("PARLEY_FCM_URL", fcm.uri().toString());
            var settings = FcmSettings.from(new Settings(all));
            assertNotNull(settings);
            try (var sender = settings.open(InstantSource.system(), new SimpleMeterRegistry())) {
                assertEquals(new Accepted(), sender.send(Pushes.alert(new PushTarget.Fcm("t"), "hello")));
            }
            assertFalse(settings.toString().contains("PRIVATE KEY"), "a secret would stand in a log");
        }
        assertEquals("HTTP/1.1", fcm.sent().getLast().protocol());
    }

    @Test
    void apns_works_by_text_and_by_file() throws Exception {
        var file = Files.writeString(folder.resolve("key.p8"), apns.key());
        for (var environment : List.of(
                Map.of("PARLEY_APNS_KEY", apns.key()),
                Map.of("PARLEY_APNS_KEY", apns.key().replace("\n", "\\n")),
                Map.of("PARLEY_APNS_KEY_FILE", file.toString()))) {
            var settings = ApnsSettings.from(apnsSettings(environment));
            assertNotNull(settings);
            var phone = new PushTarget.Apns(TOKEN, ApnsEnvironment.SANDBOX, FakeApns.TOPIC);
            try (var sender = settings.open(new SimpleMeterRegistry())) {
                assertEquals(new Accepted(), sender.send(Pushes.alert(phone, "hello")));
            }
            assertFalse(settings.toString().contains("PRIVATE KEY"), "a secret would stand in a log");
        }
    }

    @Test
    void a_key_id_above_the_key_wins() throws Exception {
        String named = "key_id: " + FakeApns.KEY_ID + "\n" + apns.key();
        var environment = new HashMap<>(Map.of("PARLEY_APNS_KEY", named, "PARLEY_APNS_KEY_ID", "OTHER12345"));
        environment.put("PARLEY_APNS_TEAM_ID", FakeApns.TEAM_ID);
        assertNotNull(ApnsSettings.from(new Settings(environment)));
        environment.remove("PARLEY_APNS_KEY_ID");
        assertNotNull(ApnsSettings.from(new Settings(environment)));
        assertEquals(
                FakeApns.KEY_ID,
                ApnsKey.of(named.getBytes(UTF_8), "OTHER12345", FakeApns.TEAM_ID)
                        .getKeyId());
    }

    @Test
    void bad_fcm_credentials_stop_the_start_with_a_sentence() throws Exception {
        fcmComplains("is not JSON", "{\"private_key\":\"s3cret");
        fcmComplains("is not JSON", fcm.credentials() + "x");
        fcmComplains("is not a service account", "{}");
        fcmComplains("is not a service account", "7");
        fcmComplains("has no \"project_id\"", without("project_id"));
        fcmComplains("has no \"client_email\"", without("client_email"));
        fcmComplains("has no \"private_key_id\"", without("private_key_id"));
        fcmComplains("has no \"private_key\"", without("private_key"));
        fcmComplains("\"private_key\" that is none", with("private_key", "s3cret"));
        fcmComplains(
                "\"private_key\" that is none",
                with("private_key", "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"));
        fcmComplains("\"project_id\" that is none", with("project_id", "../../x"));
        fcmComplains("\"token_uri\" that is no address", with("token_uri", "file:///etc/passwd"));
        fcmComplains("\"token_uri\" that is no address", with("token_uri", "::"));
    }

    @Test
    void bad_fcm_settings_stop_the_start_with_a_sentence() throws Exception {
        complains(
                "PARLEY_FCM_CREDENTIALS_FILE: /nowhere/account.json cannot be read",
                () -> FcmSettings.from(new Settings(Map.of("PARLEY_FCM_CREDENTIALS_FILE", "/nowhere/account.json"))));
        complains(
                "both set",
                () -> FcmSettings.from(new Settings(Map.of(
                        "PARLEY_FCM_CREDENTIALS_FILE",
                        "/nowhere/account.json",
                        "PARLEY_FCM_CREDENTIALS",
                        fcm.credentials()))));
        for (String address : List.of("fcm.example", "ftp://fcm.example", "https://", "https://fcm.example/v1", ":")) {
            complains("PARLEY_FCM_URL", () -> FcmSettings.from(new Settings(Map.of("PARLEY_FCM_URL", address))));
        }
        var huge = Files.write(folder.resolve("huge"), new byte[100_000]);
        complains(
                "has more than 65536 bytes",
                () -> FcmSettings.from(new Settings(Map.of("PARLEY_FCM_CREDENTIALS_FILE", huge.toString()))));
    }

    @Test
    void bad_apns_settings_stop_the_start_with_a_sentence() throws Exception {
        complains("neither", () -> ApnsSettings.from(new Settings(Map.of("PARLEY_APNS_KEY_ID", FakeApns.KEY_ID))));
        complains("neither", () -> ApnsSettings.from(new Settings(Map.of("PARLEY_APNS_TEAM_ID", FakeApns.TEAM_ID))));
        complains(
                "PARLEY_APNS_TEAM_ID is not set",
                () -> ApnsSettings.from(
                        new Settings(Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_KEY_ID", FakeApns.KEY_ID))));
        complains(
                "key id",
                () -> ApnsSettings.from(
                        new Settings(Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_TEAM_ID", FakeApns.TEAM_ID))));
        apnsComplains("no team id", Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_TEAM_ID", "x"));
        apnsComplains("key id", Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_KEY_ID", "x"));
        apnsComplains("both set", Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_KEY_FILE", "/nowhere/key.p8"));
        apnsComplains("/nowhere/key.p8 cannot be read", Map.of("PARLEY_APNS_KEY_FILE", "/nowhere/key.p8"));
        apnsComplains("BEGIN PRIVATE KEY", Map.of("PARLEY_APNS_KEY", "s3cret"));
        apnsComplains(
                "damaged",
                Map.of("PARLEY_APNS_KEY", "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----"));
        var pairs = KeyPairGenerator.getInstance("EC");
        pairs.initialize(new ECGenParameterSpec("secp384r1"));
        var other = pairs.generateKeyPair().getPrivate().getEncoded();
        apnsComplains("P-256", Map.of("PARLEY_APNS_KEY", TestCertificate.pem("PRIVATE KEY", other)));
        for (String address : List.of("apns.example", "http://apns.example", "https://apns.example/x", ":")) {
            apnsComplains("PARLEY_APNS_URL", Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_URL", address));
        }
        apnsComplains(
                "PARLEY_APNS_CA_FILE: /nowhere/ca.pem cannot be read",
                Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_CA_FILE", "/nowhere/ca.pem"));
        var empty = Files.writeString(folder.resolve("empty.pem"), "");
        apnsComplains(
                "has no certificate", Map.of("PARLEY_APNS_KEY", apns.key(), "PARLEY_APNS_CA_FILE", empty.toString()));
    }

    private void fcmComplains(String part, String credentials) throws Exception {
        complains(
                "PARLEY_FCM_CREDENTIALS",
                () -> FcmSettings.from(new Settings(Map.of("PARLEY_FCM_CREDENTIALS", credentials))));
        var file = Files.writeString(folder.resolve("bad.json"), credentials);
        complains(part, () -> FcmSettings.from(new Settings(Map.of("PARLEY_FCM_CREDENTIALS_FILE", file.toString()))));
    }

    private static void apnsComplains(String part, Map<String, String> environment) {
        complains(part, () -> ApnsSettings.from(apnsSettings(environment)));
    }

    /** The sentence says {@code part}, and neither it nor what caused it shows what is secret. */
    private static void complains(String part, Runnable reading) {
        var complaint = assertThrows(IllegalArgumentException.class, reading::run);
        assertTrue(String.valueOf(complaint.getMessage()).contains(part), complaint::toString);
        for (Throwable cause = complaint; cause != null; cause = cause.getCause()) {
            assertFalse(cause.toString().contains("s3cret"), cause::toString);
            assertFalse(cause.toString().contains("czNjcmV0"), cause::toString);
        }
    }

    private static Settings apnsSettings(Map<String, String> environment) {
        var all = new HashMap<>(Map.of(
                "PARLEY_APNS_KEY_ID",
                FakeApns.KEY_ID,
                "PARLEY_APNS_TEAM_ID",
                FakeApns.TEAM_ID,
                "PARLEY_APNS_URL",
                "https://localhost:" + apns.port(),
                "PARLEY_APNS_CA_FILE",
                certificate.file().toString()));
        all.putAll(environment);
        return new Settings(all);
    }

    private static String without(String field) {
        ObjectNode tree = fcm.credentialsTree();
        tree.remove(field);
        return tree.toString();
    }

    private static String with(String field, String value) {
        return fcm.credentialsTree().put(field, value).toString();
    }
}
