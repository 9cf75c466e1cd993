package chat.parley.sendapi.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import chat.parley.account.AccountSettings;
import chat.parley.account.SessionCookie;
import chat.parley.json.Json;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.http.BrowserSettings;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A send-api behind a trusted proxy that ends TLS, with a page of another origin and an outside issuer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BehindAProxyTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final String APP = "https://app.example.com";

    private RunningSendApi api;
    private ECKey issuerKey;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        issuerKey = new ECKeyGenerator(Curve.P_256).keyID("k").generate();
        Files.writeString(folder.resolve("keys.json"), new JWKSet(issuerKey).toString(true));
        var issuers = Files.writeString(
                folder.resolve("issuers.json"),
                "[{\"issuer\":\"https://id.example\",\"audience\":\"parley\",\"jwks_file\":\"keys.json\"}]");
        api = RunningSendApi.start(
                POSTGRES,
                REDIS,
                new AccountSettings(issuers, List.of(SessionCookie.SECURE, SessionCookie.PLAIN)),
                new BrowserSettings(false, true, Set.of(APP)));
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void under_https_the_cookie_is_secure_and_bound_to_its_host() throws Exception {
        var answer = signUp("secure", "https://" + api.uri("").getAuthority(), "https");
        assertEquals(201, answer.statusCode(), answer.body());
        String cookie = answer.headers().firstValue("set-cookie").orElseThrow();
        assertTrue(cookie.startsWith("__Host-parley_session="), cookie);
        assertTrue(cookie.endsWith("; Secure"), cookie);
        assertFalse(cookie.contains("Domain"), cookie);
        String pair = cookie.substring(0, cookie.indexOf(';'));
        assertEquals(
                200,
                rename(pair, "https://" + api.uri("").getAuthority(), "https").statusCode());
        assertEquals(
                403,
                rename(pair, "http://" + api.uri("").getAuthority(), "https").statusCode(),
                "a page that came by http is another origin");
    }

    @Test
    void a_page_of_a_listed_origin_may_write() throws Exception {
        var answer = signUp("listed", APP, "https");
        String cookie = answer.headers().firstValue("set-cookie").orElseThrow();
        String pair = cookie.substring(0, cookie.indexOf(';'));
        assertEquals(200, rename(pair, APP, "https").statusCode());
        assertEquals(403, rename(pair, APP + ".evil.example", "https").statusCode());
        assertEquals(403, rename(pair, APP.replace("https", "http"), "https").statusCode());
    }

    @Test
    void wrong_logins_are_counted_for_the_address_that_the_proxy_names_and_not_for_the_one_a_client_makes_up()
            throws Exception {
        int status = 0;
        for (int tries = 0; tries <= LoginTries.PER_ADDRESS; tries++) {
            status =
                    logIn("spray-" + tries, "10.9.8." + tries + ", 203.0.113.7").statusCode();
        }
        assertEquals(429, status);
        assertEquals(401, logIn("spray-x", "203.0.113.8").statusCode());
        assertEquals(
                429, logIn("spray-y", "10.9.8.7", "203.0.113.7").statusCode(), "a proxy may add a line of its own");
        for (int tries = 0; tries <= LoginTries.PER_ADDRESS; tries++) {
            status = logIn("spray6-" + tries, "2001:db8:1:2::" + Integer.toHexString(tries))
                    .statusCode();
        }
        assertEquals(429, status, "each address of a network of 64 bits belongs to the same client");
    }

    @Test
    void someone_with_a_token_of_an_outside_issuer_needs_no_sign_up() throws Exception {
        String token = outsideToken("subject-1");
        var me = get("/v1/users/me", token);
        assertEquals(200, me.statusCode(), me.body());
        assertEquals("eve", json(me).at("/username").textValue());
        assertEquals(me.body(), get("/v1/users/me", token).body());
        assertEquals(0, json(get("/v1/sessions", token)).at("/items").size());
        assertEquals(
                404,
                api.send(HttpRequest.newBuilder(api.uri("/v1/sessions/current"))
                                .header("Authorization", "Bearer " + token)
                                .DELETE())
                        .statusCode());
        assertEquals(
                201,
                api.send(HttpRequest.newBuilder(api.uri("/v1/stream/tickets"))
                                .header("Authorization", "Bearer " + token)
                                .POST(BodyPublishers.noBody()))
                        .statusCode());
        var login = api.send(json("/v1/sessions", "{\"username\":\"eve\",\"password\":\"any password\"}"));
        assertEquals(401, login.statusCode(), "has no password, so none is right");
    }

    @Test
    void logs_hold_no_token_and_no_password() throws Exception {
        var seen = new ListAppender<ILoggingEvent>();
        var ours = (Logger) LoggerFactory.getLogger("chat.parley");
        var before = ours.getLevel();
        ours.setLevel(Level.TRACE);
        ours.addAppender(seen);
        seen.start();
        try {
            var person = json(signUp("logged", APP, "https"));
            String token = person.at("/session/access_token").textValue();
            api.send(HttpRequest.newBuilder(api.uri("/v1/users/me?access_token=" + token)));
            get("/v1/users/me", token + "x");
            logIn("logged", "203.0.113.9");
            api.send(json("/v1/sessions/refresh", "{\"refresh_token\":\"" + "y".repeat(86) + "\"}"));
            var secrets = List.of(
                    token,
                    person.at("/session/refresh_token").textValue(),
                    "correct horse",
                    "wrong horse",
                    "y".repeat(86));
            assertFalse(seen.list.isEmpty(), "nothing was logged, so nothing was checked");
            for (var event : List.copyOf(seen.list)) {
                String line = event.getFormattedMessage() + event.getKeyValuePairs() + event.getMDCPropertyMap();
                for (var secret : secrets) {
                    assertFalse(line.contains(secret), line);
                }
            }
        } finally {
            ours.detachAppender(seen);
            ours.setLevel(before);
        }
    }

    private HttpResponse<String> signUp(String username, String origin, String scheme) throws Exception {
        return api.send(json(
                        "/v1/users",
                        "{\"username\":\"" + username
                                + "\",\"password\":\"correct horse\",\"display_name\":\"Somebody\"}")
                .header("Origin", origin)
                .header("X-Forwarded-Proto", scheme));
    }

    private HttpResponse<String> rename(String cookie, String origin, String scheme) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri("/v1/users/me"))
                .header("Cookie", cookie)
                .header("Origin", origin)
                .header("X-Forwarded-Proto", scheme)
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString("{\"display_name\":\"New\"}")));
    }

    private HttpResponse<String> logIn(String username, String... forwardedFor) throws Exception {
        // Too short to be anybody's password, so that sixty of them cost no hash.
        String password = username.equals("logged") ? "wrong horse" : "short";
        var request = json("/v1/sessions", "{\"username\":\"" + username + "\",\"password\":\"" + password + "\"}");
        for (String line : forwardedFor) {
            request.header("X-Forwarded-For", line);
        }
        return api.send(request);
    }

    private String outsideToken(String subject) throws Exception {
        var jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("k").build(),
                new JWTClaimsSet.Builder()
                        .issuer("https://id.example")
                        .audience("parley")
                        .subject(subject)
                        .expirationTime(Date.from(Instant.now().plusSeconds(600)))
                        .claim("preferred_username", "Eve")
                        .build());
        jwt.sign(new ECDSASigner(issuerKey));
        return jwt.serialize();
    }

    private HttpRequest.Builder json(String path, String body) {
        return HttpRequest.newBuilder(api.uri(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    private HttpResponse<String> get(String path, String token) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri(path)).header("Authorization", "Bearer " + token));
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }
}
