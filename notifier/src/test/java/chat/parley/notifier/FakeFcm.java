package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Firebase Cloud Messaging as its pages describe it: the token server checks signed assertions (RFC 7523), {@code messages:send} checks the access token and that the
 * message has no field, type or size that FCM would refuse. What is to go wrong is set by a script.
 */
public final class FakeFcm implements AutoCloseable {
    private static final String PROJECT = "parley-test";
    private static final String EMAIL = "notifier@parley-test.iam.gserviceaccount.example";
    private static final String KEY_ID = "key-1";

    /** Either lets an account send. */
    private static final Set<String> SCOPES = Set.of(
            "https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform");

    /** Google's library names the real token server, wherever it sends the assertion. */
    private static final String AUDIENCE = "https://oauth2.googleapis.com/token";

    private static final String FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    private static final int PAYLOAD_BYTES_MAX = 4_096;

    private final KeyPair key;
    private final TestHttpServer plain;
    private final @Nullable TestHttpServer secure;
    private final AtomicInteger tokensGiven = new AtomicInteger();
    private final Set<String> accessTokens = ConcurrentHashMap.newKeySet();
    private final Set<String> dead = ConcurrentHashMap.newKeySet();
    private final Queue<Answer> script = new ConcurrentLinkedQueue<>();
    private final List<Sent> sent = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private volatile @Nullable Answer always;
    private volatile @Nullable Answer tokenTrouble;
    private volatile Duration tokenLifetime = Duration.ofSeconds(3_599);

    /** What a device would get: the whole message, and how it came. */
    public record Sent(JsonNode message, String protocol) {
        /** To whom. */
        public String token() {
            return message.path("token").asText();
        }
    }

    /**
     * An answer of the script.
     *
     * @param status 0: the connection is reset
     * @param delay before it
     */
    public record Answer(int status, Map<String, String> headers, String body, Duration delay) {
        /** Resets the connection. */
        public static final Answer RESET = new Answer(0, Map.of(), "", Duration.ZERO);

        /** What FCM answers when it cannot. */
        public static final Answer OUTAGE = error(503, "UNAVAILABLE", "UNAVAILABLE");

        /** As FCM writes errors. */
        public static Answer error(int status, String name, String code) {
            return new Answer(status, Map.of(), errorBody(status, name, code), Duration.ZERO);
        }

        /** FCM takes it, later. */
        public static Answer slow(Duration delay) {
            return new Answer(200, Map.of(), "{\"name\":\"projects/" + PROJECT + "/messages/slow\"}", delay);
        }

        /** The same with a header more. */
        public Answer with(String header, String value) {
            var all = new HashMap<>(headers);
            all.put(header, value);
            return new Answer(status, all, body, delay);
        }

        /** The same with other words. */
        public Answer withBody(String other) {
            return new Answer(status, headers, other, delay);
        }
    }

    private FakeFcm(@Nullable TestCertificate certificate) throws IOException, GeneralSecurityException {
        var pairs = KeyPairGenerator.getInstance("RSA");
        pairs.initialize(2_048);
        this.key = pairs.generateKeyPair();
        this.plain = TestHttpServer.start(null, this::handle);
        this.secure = certificate == null ? null : TestHttpServer.start(certificate, this::handle);
    }

    /** Without TLS, by HTTP/1.1: what {@code PARLEY_FCM_URL} may name. */
    public static FakeFcm start() throws IOException, GeneralSecurityException {
        return new FakeFcm(null);
    }

    /** With TLS and HTTP/2, as Google's servers speak; 100 streams a connection. Its token server has neither. */
    public static FakeFcm start(TestCertificate certificate) throws IOException, GeneralSecurityException {
        return new FakeFcm(certificate);
    }

    /** For {@code PARLEY_FCM_URL}. */
    public URI uri() {
        return secure == null
                ? URI.create("http://127.0.0.1:" + plain.port())
                : URI.create("https://127.0.0.1:" + secure.port());
    }

    /** For {@code PARLEY_FCM_CREDENTIALS}: the file that Google's console would give out. */
    public String credentials() {
        return credentialsTree().toString();
    }

    /** The same, to be damaged. */
    ObjectNode credentialsTree() {
        return Json.MAPPER
                .createObjectNode()
                .put("type", "service_account")
                .put("project_id", PROJECT)
                .put("private_key_id", KEY_ID)
                .put(
                        "private_key",
                        TestCertificate.pem("PRIVATE KEY", key.getPrivate().getEncoded()))
                .put("client_email", EMAIL)
                .put("client_id", "100000000000000000001")
                .put("token_uri", tokenServer());
    }

    /** What was accepted, in order. */
    public List<Sent> sent() {
        return List.copyOf(sent);
    }

    /** How many messages came, accepted or not. */
    public int requests() {
        return requests.get();
    }

    /** How many access tokens were given out. */
    public int tokensGiven() {
        return tokensGiven.get();
    }

    /** Answers of the next messages; after them FCM is well again. */
    public void next(Answer... answers) {
        script.addAll(List.of(answers));
    }

    /** The answer to all messages from now on; null: FCM is well again. */
    public void always(@Nullable Answer answer) {
        always = answer;
    }

    /** The app with this token was removed. */
    public void kill(String token) {
        dead.add(token);
    }

    /** Access tokens given out so far serve no longer. */
    public void expireTokens() {
        accessTokens.clear();
    }

    /** How long those live that are given out from now on. */
    public void setTokenLifetime(Duration lifetime) {
        tokenLifetime = lifetime;
    }

    /** What the token server answers; null: tokens. */
    public void setTokenTrouble(@Nullable Answer answer) {
        tokenTrouble = answer;
    }

    @Override
    public void close() {
        plain.close();
        if (secure != null) {
            secure.close();
        }
    }

    private String tokenServer() {
        return "http://127.0.0.1:" + plain.port() + "/token";
    }

    private Answer handle(TestHttpServer.Request request) {
        if (request.path().equals("/token")) {
            var trouble = tokenTrouble;
            return trouble == null ? giveToken(request) : trouble;
        }
        requests.incrementAndGet();
        if (!request.path().equals("/v1/projects/" + PROJECT + "/messages:send")
                || !request.method().equals("POST")) {
            return new Answer(404, Map.of(), "<html>not found</html>", Duration.ZERO);
        }
        String bearer = String.valueOf(request.headers().get("authorization"));
        if (!bearer.startsWith("Bearer ") || !accessTokens.contains(bearer.substring("Bearer ".length()))) {
            return new Answer(401, Map.of(), errorBody(401, "UNAUTHENTICATED", null), Duration.ZERO);
        }
        var scripted = script.poll();
        if (scripted == null) {
            scripted = always;
        }
        if (scripted != null && scripted.status() != 200) {
            return scripted;
        }
        var judged = judge(request);
        return scripted == null || judged.status() != 200 ? judged : scripted;
    }

    private Answer judge(TestHttpServer.Request request) {
        JsonNode message;
        try {
            message = Json.MAPPER.readTree(request.body()).path("message");
        } catch (IOException e) {
            return Answer.error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
        }
        String complaint = complaint(message);
        if (complaint != null) {
            return Answer.error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT").withBody(complaint);
        }
        if (dead.contains(message.path("token").asText())) {
            return Answer.error(404, "NOT_FOUND", "UNREGISTERED");
        }
        sent.add(new Sent(message, request.protocol()));
        return Answer.slow(Duration.ZERO);
    }

    /** What FCM would refuse: unknown fields, data that is no text, too many bytes in names and values. */
    private static @Nullable String complaint(JsonNode message) {
        var fields = Map.of(
                "", Set.of("token", "notification", "data", "android"),
                "/notification", Set.of("title", "body"),
                "/android", Set.of("priority", "ttl", "collapse_key", "notification"),
                "/android/notification", Set.of("tag", "channel_id", "notification_count"));
        for (var known : fields.entrySet()) {
            for (var field : message.at(known.getKey()).properties()) {
                if (!known.getValue().contains(field.getKey())) {
                    return "unknown field " + known.getKey() + "/" + field.getKey();
                }
            }
        }
        int bytes = 0;
        for (var field : message.path("data").properties()) {
            if (!field.getValue().isTextual()
                    || Set.of("from", "notification", "message_type").contains(field.getKey())) {
                return "data " + field.getKey();
            }
            bytes += field.getKey().getBytes(UTF_8).length
                    + field.getValue().asText().getBytes(UTF_8).length;
        }
        for (var field : message.path("notification").properties()) {
            bytes += field.getKey().getBytes(UTF_8).length
                    + field.getValue().asText().getBytes(UTF_8).length;
        }
        if (bytes > PAYLOAD_BYTES_MAX) {
            return "payload of " + bytes + " bytes";
        }
        boolean good = message.path("token").isTextual()
                && message.at("/android/priority").asText().matches("high|normal")
                && message.at("/android/ttl").asText().matches("\\d+s");
        return good ? null : "token, priority or ttl";
    }

    private Answer giveToken(TestHttpServer.Request request) {
        try {
            var form = new HashMap<String, String>();
            for (String field : new String(request.body(), UTF_8).split("&", -1)) {
                String[] parts = field.split("=", 2);
                form.put(parts[0], URLDecoder.decode(parts[1], UTF_8));
            }
            var assertion = SignedJWT.parse(form.get("assertion"));
            var claims = assertion.getJWTClaimsSet();
            var now = Instant.now();
            boolean good = "urn:ietf:params:oauth:grant-type:jwt-bearer".equals(form.get("grant_type"))
                    && assertion.getHeader().getAlgorithm().equals(JWSAlgorithm.RS256)
                    && KEY_ID.equals(assertion.getHeader().getKeyID())
                    && assertion.verify(new RSASSAVerifier((RSAPublicKey) key.getPublic()))
                    && EMAIL.equals(claims.getIssuer())
                    && claims.getAudience().equals(List.of(AUDIENCE))
                    && !Collections.disjoint(
                            SCOPES, List.of(claims.getStringClaim("scope").split(" ", -1)))
                    && claims.getExpirationTime().toInstant().isAfter(now)
                    && !claims.getExpirationTime().toInstant().isAfter(now.plus(Duration.ofMinutes(61)));
            if (good) {
                String token = "access-" + tokensGiven.incrementAndGet();
                accessTokens.add(token);
                String body = "{\"access_token\":\"" + token + "\",\"expires_in\":" + tokenLifetime.toSeconds()
                        + ",\"token_type\":\"Bearer\"}";
                return new Answer(200, Map.of(), body, Duration.ZERO);
            }
        } catch (ParseException | JOSEException | RuntimeException e) {
            // A bad assertion, as any other.
        }
        return new Answer(400, Map.of(), "{\"error\":\"invalid_grant\"}", Duration.ZERO);
    }

    private static String errorBody(int status, String name, @Nullable String code) {
        var error = Json.MAPPER.createObjectNode();
        error.put("code", status).put("message", "words of " + name).put("status", name);
        if (code != null) {
            error.putArray("details").addObject().put("@type", FCM_ERROR).put("errorCode", code);
        }
        return Json.MAPPER.createObjectNode().set("error", error).toString();
    }
}
