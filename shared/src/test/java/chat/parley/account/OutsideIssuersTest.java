package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealPostgres;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.Ed25519Signer;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetKeyPairGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutsideIssuersTest {
    private static final String ISSUER = "https://id.example";

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static RSAKey rsa;
    private static ECKey curve;
    private static OctetKeyPair edwards;
    private static JWKSet keys;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeKeys() throws Exception {
        rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        curve = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
        edwards = new OctetKeyPairGenerator(Curve.Ed25519).keyID("ed").generate();
        keys = new JWKSet(List.of(rsa, curve, edwards));
    }

    @Test
    void tokens_of_each_algorithm_are_taken_and_their_subjects_become_users() throws Exception {
        try (var node = nodeWithKeysFile()) {
            node.postgres.<Integer, RuntimeException>with(db -> db.execute("TRUNCATE users CASCADE"));
            var byRsa = accepted(node.bearer(token(node, JWSAlgorithm.RS256, "rsa", "s-1", new RSASSASigner(rsa))));
            var byCurve = accepted(node.bearer(token(node, JWSAlgorithm.ES256, "ec", "s-2", new ECDSASigner(curve))));
            var byEdwards =
                    accepted(node.bearer(token(node, JWSAlgorithm.EdDSA, "ed", "s-3", new Ed25519Signer(edwards))));
            assertEquals(3, new HashSet<>(List.of(byRsa.user(), byCurve.user(), byEdwards.user())).size());
            assertNull(byRsa.session());
            assertEquals(Means.BEARER, byRsa.means());
            var user = node.accounts.users().find(byRsa.user()).orElseThrow();
            assertEquals("ann", user.username().text());
            assertEquals("Ann Example", user.displayName().text());
            var second = node.accounts.users().find(byCurve.user()).orElseThrow();
            assertTrue(
                    second.username().text().matches("ann-[a-z0-9]{5}"),
                    second.username().text());
        }
    }

    @Test
    void a_subject_stays_the_same_user_whatever_its_names_become() throws Exception {
        try (var node = nodeWithKeysFile()) {
            var first = accepted(node.bearer(token(node, JWSAlgorithm.RS256, "rsa", "same", new RSASSASigner(rsa))));
            node.advance(Duration.ofSeconds(1));
            var later =
                    claims(node, "same").claim("preferred_username", "other").build();
            var again = accepted(
                    node.otherNodeWith(file()).bearer(signed(JWSAlgorithm.RS256, "rsa", later, new RSASSASigner(rsa))));
            assertEquals(first.user(), again.user());
        }
    }

    @Test
    void a_token_ends_with_its_exp() throws Exception {
        try (var node = nodeWithKeysFile()) {
            var token = token(node, JWSAlgorithm.RS256, "rsa", "ending", new RSASSASigner(rsa));
            accepted(node.bearer(token));
            node.advance(Duration.ofMinutes(10));
            assertRefused(node.bearer(token));
        }
    }

    @Test
    void forged_tokens_are_refused() throws Exception {
        try (var node = nodeWithKeysFile()) {
            var signer = new RSASSASigner(rsa);
            var foreign = new RSASSASigner(new RSAKeyGenerator(2048).generate());
            assertRefused(node.bearer(token(node, JWSAlgorithm.RS256, "rsa", "x", foreign)));
            assertRefused(node.bearer(token(node, JWSAlgorithm.RS256, "unknown", "x", signer)));
            assertRefused(node.bearer(token(node, JWSAlgorithm.PS256, "rsa", "x", signer)));
            assertRefused(node.bearer(token(node, JWSAlgorithm.RS512, "rsa", "x", signer)));
            // The public key as a shared secret.
            for (byte[] secret : List.of(
                    rsa.toRSAPublicKey().getEncoded(),
                    rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
                assertRefused(node.bearer(token(node, JWSAlgorithm.HS256, "rsa", "x", new MACSigner(secret))));
            }
            var good = claims(node, "x");
            for (var fault : List.of(
                    new JWTClaimsSet.Builder(good.build())
                            .issuer("https://other.example")
                            .build(),
                    new JWTClaimsSet.Builder(good.build()).issuer(ISSUER + "/").build(),
                    new JWTClaimsSet.Builder(good.build()).audience("other").build(),
                    new JWTClaimsSet.Builder(good.build()).subject("").build(),
                    new JWTClaimsSet.Builder(good.build())
                            .subject("s".repeat(256))
                            .build(),
                    new JWTClaimsSet.Builder(good.build()).subject("a\0b").build(),
                    new JWTClaimsSet.Builder(good.build()).expirationTime(null).build(),
                    new JWTClaimsSet.Builder(good.build())
                            .notBeforeTime(Date.from(node.clock.instant().plusSeconds(60)))
                            .build(),
                    // Our own issuer's name, with a foreign signature.
                    new JWTClaimsSet.Builder(good.build())
                            .issuer(AccessTokens.ISSUER)
                            .audience(AccessTokens.ISSUER)
                            .build())) {
                assertRefused(node.bearer(signed(JWSAlgorithm.RS256, "rsa", fault, signer)));
            }
        }
    }

    @Test
    void names_of_a_strange_kind_do_not_keep_a_person_out() throws Exception {
        try (var node = nodeWithKeysFile()) {
            var odd = claims(node, "odd")
                    .claim("preferred_username", List.of("a", "list"))
                    .claim("name", "\u0000\r\n")
                    .build();
            var caller = accepted(node.bearer(signed(JWSAlgorithm.RS256, "rsa", odd, new RSASSASigner(rsa))));
            var user = node.accounts.users().find(caller.user()).orElseThrow();
            assertTrue(user.username().text().startsWith("user"));
        }
    }

    @Test
    void of_many_requests_that_see_a_subject_first_all_get_the_same_user() throws Exception {
        try (var node = nodeWithKeysFile()) {
            var token = token(node, JWSAlgorithm.RS256, "rsa", "raced", new RSASSASigner(rsa));
            var before = count(node);
            var file = file();
            try (var threads = Executors.newFixedThreadPool(4)) {
                Callable<UserId> call =
                        () -> accepted(node.otherNodeWith(file).bearer(token)).user();
                var users = new HashSet<UserId>();
                for (var user : threads.invokeAll(List.of(call, call, call, call))) {
                    users.add(user.get());
                }
                assertEquals(1, users.size());
            }
            assertEquals(before + 1, count(node));
        }
    }

    @Test
    void ten_thousand_new_people_cost_a_statement_each_and_nothing_the_second_time() throws Exception {
        try (var node = TestAccounts.over(POSTGRES)) {
            var identities = node.identities();
            int people = 10_000;
            var seen = new ArrayList<Future<UserId>>();
            long before = statements(node);
            try (var threads = Executors.newFixedThreadPool(8)) {
                for (int i = 0; i < people; i++) {
                    var subject = new Identities.Subject(ISSUER, "crowd-" + i);
                    seen.add(threads.submit(() -> identities
                            .userOf(subject, called(subject.subject()))
                            .orElseThrow()));
                }
            }
            for (var user : seen) {
                user.get();
            }
            assertTrue(statements(node) - before < people + 100, "one statement each");
            long statements = statements(node);
            for (int i = 0; i < people; i++) {
                identities.userOf(new Identities.Subject(ISSUER, "crowd-" + i), called("crowd-" + i));
            }
            assertEquals(
                    people,
                    node.postgres.<Integer, RuntimeException>with(
                            db -> db.createQuery("SELECT count(*) FROM identity WHERE subject LIKE 'crowd-%'")
                                    .mapTo(Integer.class)
                                    .one()));
            assertTrue(statements(node) - statements < 100, "the second time is answered from memory");
        }
    }

    @Test
    void keys_are_fetched_from_an_address_once_and_a_new_key_is_found() throws Exception {
        var fetches = new AtomicInteger();
        var hasRotated = new AtomicBoolean();
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/keys", http -> {
            fetches.incrementAndGet();
            String set = (hasRotated.get() ? keys : new JWKSet(rsa)).toString(true);
            byte[] body = set.getBytes(StandardCharsets.UTF_8);
            http.sendResponseHeaders(200, body.length);
            try (http) {
                http.getResponseBody().write(body);
            }
        });
        server.start();
        try (var node =
                nodeWithKeysAddress("http://127.0.0.1:" + server.getAddress().getPort() + "/keys")) {
            for (int i = 0; i < 5; i++) {
                accepted(node.bearer(token(node, JWSAlgorithm.RS256, "rsa", "f-" + i, new RSASSASigner(rsa))));
            }
            assertEquals(1, fetches.get());
            hasRotated.set(true);
            accepted(node.bearer(token(node, JWSAlgorithm.ES256, "ec", "f-6", new ECDSASigner(curve))));
            assertEquals(2, fetches.get());
            for (int i = 0; i < 20; i++) {
                assertRefused(node.bearer(token(node, JWSAlgorithm.RS256, "forged-" + i, "f", new RSASSASigner(rsa))));
            }
            assertTrue(fetches.get() <= 4, "forged key ids caused " + fetches.get() + " fetches");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void a_token_in_steady_use_ends_soon_after_its_key_was_withdrawn() throws Exception {
        var isWithdrawn = new AtomicBoolean();
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/keys", http -> {
            var set = isWithdrawn.get() ? new JWKSet(curve) : new JWKSet(rsa);
            byte[] body = set.toString(true).getBytes(StandardCharsets.UTF_8);
            http.sendResponseHeaders(200, body.length);
            try (http) {
                http.getResponseBody().write(body);
            }
        });
        server.start();
        try (var node =
                nodeWithKeysAddress("http://127.0.0.1:" + server.getAddress().getPort() + "/keys")) {
            var lasting = claims(node, "steady")
                    .expirationTime(Date.from(node.clock.instant().plusSeconds(3_600)));
            var token = signed(JWSAlgorithm.RS256, "rsa", lasting.build(), new RSASSASigner(rsa));
            accepted(node.bearer(token));
            isWithdrawn.set(true);
            // Its key is unknown, so the keys are fetched again.
            accepted(node.bearer(token(node, JWSAlgorithm.ES256, "ec", "other", new ECDSASigner(curve))));
            accepted(node.bearer(token));
            node.advance(Duration.ofMinutes(6));
            accepted(node.bearer(token));
            node.advance(Duration.ofMinutes(6));
            assertRefused(node.bearer(token));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void keys_that_cannot_be_had_leave_the_answer_open() throws Exception {
        int port;
        try (var closed = new ServerSocket(0)) {
            port = closed.getLocalPort();
        }
        try (var node = nodeWithKeysAddress("http://127.0.0.1:" + port + "/keys")) {
            var token = token(node, JWSAlgorithm.RS256, "rsa", "x", new RSASSASigner(rsa));
            assertThrows(StoreUnavailable.class, () -> node.bearer(token));
        }
    }

    @Test
    void neither_a_redirect_nor_too_many_bytes_are_followed() throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var followed = new AtomicInteger();
        server.createContext("/elsewhere", http -> {
            followed.incrementAndGet();
            http.close();
        });
        server.createContext("/redirect", http -> {
            try (http) {
                http.getResponseHeaders().set("Location", "/elsewhere");
                http.sendResponseHeaders(302, -1);
            }
        });
        server.createContext("/large", http -> {
            try (http) {
                http.sendResponseHeaders(200, 0);
                http.getResponseBody().write(new byte[1_000_000]);
            }
        });
        server.start();
        try {
            var fetch = new GuardedFetch(true);
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            assertThrows(
                    IOException.class,
                    () -> fetch.retrieveResource(URI.create(base + "/redirect").toURL()));
            assertThrows(
                    IOException.class,
                    () -> fetch.retrieveResource(URI.create(base + "/large").toURL()));
            assertEquals(0, followed.get());
        } finally {
            server.stop(0);
        }
    }

    @Test
    void an_https_address_that_resolves_to_a_private_network_is_not_connected_to() throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(50);
            var url = URI.create("https://localhost:" + listener.getLocalPort() + "/keys")
                    .toURL();
            var failure = assertThrows(IOException.class, () -> new GuardedFetch(false).retrieveResource(url));
            assertTrue(String.valueOf(failure.getMessage()).contains("not a public address"), failure.toString());
            assertThrows(SocketTimeoutException.class, listener::accept);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}|must be a list",
                "[|is not JSON",
                "[5]|entry 1 must be an object",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_uri\":\"https://x/\",\"typo\":1}]|unknown field typo",
                "[{\"audience\":\"b\",\"jwks_uri\":\"https://x/\"}]|entry 1: issuer is missing",
                "[{\"issuer\":\"a\",\"jwks_uri\":\"https://x/\"}]|entry 1: audience is missing",
                "[{\"issuer\":\"a\",\"audience\":\"b\"}]|entry 1 (a) needs either",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_file\":\"f\",\"jwks_uri\":\"https://x/\"}]|needs either",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_file\":\"missing.json\"}]|missing.json cannot be read",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_uri\":\"http://id.example/\"}]|must begin with https://",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_uri\":\"https:///keys\"}]|must begin with https://",
                "[{\"issuer\":\"parley\",\"audience\":\"b\",\"jwks_uri\":\"https://x/\"}]|is the issuer of our own",
                "[{\"issuer\":5,\"audience\":\"b\",\"jwks_uri\":\"https://x/\"}]|issuer must be text",
                "[{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_uri\":\"https://x/\"},"
                        + "{\"issuer\":\"a\",\"audience\":\"b\",\"jwks_uri\":\"https://y/\"}]|entry 2: issuer a is listed twice"
            })
    void a_bad_file_is_refused_at_the_start_with_its_place(String fileAndComplaint) throws Exception {
        int at = fileAndComplaint.lastIndexOf('|');
        var file = folder.resolve("issuers.json");
        Files.writeString(file, fileAndComplaint.substring(0, at));
        var refusal = assertThrows(IllegalArgumentException.class, () -> IssuersFile.read(file));
        assertTrue(
                String.valueOf(refusal.getMessage()).contains(fileAndComplaint.substring(at + 1)),
                refusal.getMessage());
        assertTrue(String.valueOf(refusal.getMessage()).contains(file.toString()), refusal.getMessage());
    }

    @Test
    void a_keys_file_without_a_usable_key_is_refused() throws Exception {
        var weak = new RSAKeyGenerator(1024, true).keyID("weak").generate();
        Files.writeString(folder.resolve("keys.json"), new JWKSet(weak).toString(true));
        var refusal = assertThrows(IllegalArgumentException.class, () -> IssuersFile.read(file()));
        assertTrue(String.valueOf(refusal.getMessage()).contains("holds no key"), refusal.getMessage());
    }

    private TestAccounts nodeWithKeysFile() throws Exception {
        Files.writeString(folder.resolve("keys.json"), keys.toString(true));
        return TestAccounts.over(POSTGRES, file(), SessionCookie.PLAIN);
    }

    /** Lists the one issuer; its keys stand beside it. */
    private Path file() throws Exception {
        return Files.writeString(
                folder.resolve("issuers.json"),
                "[{\"issuer\":\"" + ISSUER + "\",\"audience\":\"parley\",\"jwks_file\":\"keys.json\"}]");
    }

    private TestAccounts nodeWithKeysAddress(String address) throws Exception {
        var file = Files.writeString(
                folder.resolve("issuers.json"),
                "[{\"issuer\":\"" + ISSUER + "\",\"audience\":\"parley\",\"jwks_uri\":\"" + address + "\"}]");
        return TestAccounts.over(POSTGRES, file, SessionCookie.PLAIN);
    }

    private static JWTClaimsSet.Builder claims(TestAccounts node, String subject) {
        var now = node.clock.instant();
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(List.of("other", "parley"))
                .subject(subject)
                .expirationTime(Date.from(now.plusSeconds(600)))
                .claim("preferred_username", "Ann@example.com")
                .claim("name", "Ann Example");
    }

    private static String token(
            TestAccounts node, JWSAlgorithm algorithm, String keyId, String subject, JWSSigner signer)
            throws Exception {
        return signed(algorithm, keyId, claims(node, subject).build(), signer);
    }

    private static String signed(JWSAlgorithm algorithm, String keyId, JWTClaimsSet claims, JWSSigner signer)
            throws Exception {
        var jwt = new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims);
        jwt.sign(signer);
        return jwt.serialize();
    }

    private static int count(TestAccounts node) {
        return node.postgres.<Integer, RuntimeException>with(db -> db.createQuery("SELECT count(*) FROM users")
                .mapTo(Integer.class)
                .one());
    }

    /** Transactions of this database so far, as PostgreSQL counts them: our statements are one each. */
    private static long statements(TestAccounts node) {
        return node.postgres.<Long, RuntimeException>with(db -> {
            db.execute("SELECT pg_stat_force_next_flush()");
            return db.createQuery("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
                    .mapTo(Long.class)
                    .one();
        });
    }

    private static Identities.Claims called(String name) {
        return new Identities.Claims(name, "Crowd", Instant.EPOCH);
    }
}
