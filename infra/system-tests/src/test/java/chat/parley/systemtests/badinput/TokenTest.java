package chat.parley.systemtests.badinput;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Forged tokens: one constant 401 from both services, and no address that a token names is ever asked. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TokenTest {
    private final Api api = SharedParley.get().api();

    @Test
    void the_good_token_that_the_forgeries_are_made_from_is_taken() throws Exception {
        var ann = api.signUp("ann");
        assertEquals(200, me("Bearer " + ann.token()).statusCode());
        assertEquals(200, api.poll("wait=0", ann.token()).statusCode());
    }

    @Test
    void every_forged_token_gets_the_same_401_from_both_services() throws Exception {
        var asked = new AtomicInteger();
        var forgersServer = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        forgersServer.createContext("/", http -> {
            asked.incrementAndGet();
            http.sendResponseHeaders(404, -1);
        });
        forgersServer.start();
        try {
            var address = "http://127.0.0.1:" + forgersServer.getAddress().getPort() + "/jwks.json";
            var answers = new HashSet<String>();
            for (var forged :
                    forgeries(api.signUp("ann"), api.signUp("bob"), address).entrySet()) {
                for (var answer :
                        new HttpResponse<?>[] {me("Bearer " + forged.getValue()), stream("Bearer " + forged.getValue())
                        }) {
                    assertEquals(
                            401,
                            answer.statusCode(),
                            forged.getKey() + " at " + answer.request().uri());
                    answers.add(constantPart(answer));
                }
            }
            assertEquals(1, answers.size(), () -> "one constant body, not " + answers);
            assertEquals(0, asked.get(), "an address in a token was asked");
        } finally {
            forgersServer.stop(0);
        }
    }

    @Test
    void other_schemes_and_no_credentials_at_all_are_401() throws Exception {
        for (var header : new String[] {"Basic YW5uOnNlY3JldA==", "Bearer", "bearer x", "Token abc"}) {
            Problems.require(401, "unauthenticated", me(header));
        }
        Problems.require(401, "unauthenticated", api.call("GET", "/v1/users/me", null, null));
    }

    @Test
    void a_token_in_the_address_is_refused_by_both_services_and_not_taken() throws Exception {
        var token = api.signUp("ann").token();
        Problems.require(400, "token_in_url", api.call("GET", "/v1/users/me?access_token=" + token, null, null));
        Problems.require(400, "token_in_url", api.poll("wait=0&access_token=" + token, token));
    }

    private Map<String, String> forgeries(Person ann, Person bob, String address) throws Exception {
        var forgery = new Forgery(ann.token());
        var keys =
                Api.json(api.call("GET", "/.well-known/jwks.json", null, null).body());
        var publicKey = keys.at("/keys/0");
        var forged = new LinkedHashMap<String, String>();
        forged.put("alg none", forgery.unsigned("none"));
        forged.put("alg None", forgery.unsigned("None"));
        forged.put("ES256 without a signature", forgery.unsigned("ES256"));
        forged.put("a signature of zeros", forgery.withZeroSignature());
        forged.put("another subject", forgery.withClaims(forgery.claims().put("sub", bob.id())));
        forged.put("a longer life", forgery.withClaims(forgery.claims().put("exp", 4_000_000_000L)));
        forged.put(
                "the public key's text as a secret",
                forgery.signedByPublicKey(publicKey.toString().getBytes(UTF_8)));
        forged.put(
                "the public key's number as a secret",
                forgery.signedByPublicKey(
                        Base64.getUrlDecoder().decode(publicKey.get("x").asText())));
        forged.put("own key under our kid", forgery.signedByOwnKey(forgery.header()));
        forged.put(
                "own key under a foreign kid",
                forgery.signedByOwnKey(forgery.header().put("kid", "own")));
        forged.put(
                "a kid that is a path", forgery.signedByOwnKey(forgery.header().put("kid", "../../etc/passwd")));
        var embedded = forgery.header();
        embedded.set("jwk", forgery.ownJwk());
        forged.put("own key embedded", forgery.signedByOwnKey(embedded));
        forged.put(
                "jku", forgery.signedByOwnKey(forgery.header().put("kid", "own").put("jku", address)));
        forged.put(
                "x5u", forgery.signedByOwnKey(forgery.header().put("kid", "own").put("x5u", address)));
        forged.put("cut off", ann.token().substring(0, ann.token().length() - 10));
        forged.put("twice", ann.token() + "." + ann.token());
        forged.put("no token", "abc");
        forged.put("dots", "...");
        forged.put("long", "a".repeat(6_000) + ".b.c");
        return forged;
    }

    private HttpResponse<String> me(String authorization) throws Exception {
        return api.send(
                HttpRequest.newBuilder(api.sendApi().resolve("/v1/users/me")).header("Authorization", authorization));
    }

    private HttpResponse<String> stream(String authorization) throws Exception {
        return api.send(HttpRequest.newBuilder(api.stream())
                .header("Accept", "text/event-stream")
                .header("Authorization", authorization));
    }

    private static String constantPart(HttpResponse<?> answer) throws Exception {
        return Problems.constantPart(String.valueOf(answer.body()));
    }
}
