package chat.parley.sendapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EdgeTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;

    @BeforeAll
    void start() {
        api = RunningSendApi.start(POSTGRES, REDIS);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void an_unknown_address_is_a_problem_with_a_code_and_the_request_id() throws Exception {
        var answer = get("/v1/nothing-here");
        assertEquals(404, answer.statusCode());
        assertEquals(
                "application/problem+json",
                answer.headers().firstValue("content-type").orElse(""));
        String id = answer.headers().firstValue("x-request-id").orElseThrow();
        assertTrue(answer.body().contains("\"code\":\"not_found\""), answer.body());
        assertTrue(answer.body().contains("\"request_id\":\"" + id + "\""), answer.body());
    }

    @Test
    void a_wrong_method_is_405() throws Exception {
        assertEquals(
                405,
                api.send(HttpRequest.newBuilder(api.uri("/livez")).DELETE()).statusCode());
    }

    @Test
    void a_request_id_from_a_proxy_is_kept_and_a_forged_one_is_not() throws Exception {
        assertEquals("abc-1", requestId("abc-1"));
        assertFalse(requestId("abc{jndi}").contains("jndi"));
    }

    @Test
    void an_access_token_in_the_address_is_refused() throws Exception {
        var answer = get("/livez?access_token=abc");
        assertEquals(400, answer.statusCode());
        assertTrue(answer.body().contains("token_in_url"), answer.body());
        assertFalse(answer.body().contains("abc"), answer.body());
    }

    @Test
    void an_address_and_headers_that_are_too_large_are_refused_as_problems() throws Exception {
        var address = get("/" + "a".repeat(20_000));
        assertEquals(414, address.statusCode());
        assertTrue(address.body().contains("uri_too_long"), address.body());
        var headers = api.send(HttpRequest.newBuilder(api.uri("/livez")).header("X-Large", "a".repeat(20_000)));
        assertEquals(431, headers.statusCode());
        assertTrue(headers.body().contains("headers_too_large"), headers.body());
    }

    @Test
    void ready_names_every_part_and_metrics_are_on_their_own_port() throws Exception {
        var ready = get("/readyz");
        assertEquals(200, ready.statusCode(), ready.body());
        assertTrue(ready.body().contains("\"postgres\":\"up\""), ready.body());
        assertTrue(ready.body().contains("\"redis\":\"up\""), ready.body());
        assertEquals(404, get("/metrics").statusCode());
        var metrics =
                api.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.metricsPort() + "/metrics")));
        assertTrue(metrics.body().contains("parley_http_requests_seconds_count"), metrics.body());
    }

    @Test
    void the_page_is_served_with_a_strict_policy() throws Exception {
        var page = get("/");
        assertEquals(200, page.statusCode());
        String policy = page.headers().firstValue("content-security-policy").orElse("");
        assertTrue(policy.startsWith("default-src 'none'"), policy);
    }

    @Test
    void every_error_code_is_listed() throws Exception {
        assertTrue(get("/v1/errors").body().contains("\"code\":\"idempotency_mismatch\""));
    }

    private String requestId(String given) throws IOException, InterruptedException {
        var answer = api.send(HttpRequest.newBuilder(api.uri("/livez")).header("X-Request-Id", given));
        return answer.headers().firstValue("x-request-id").orElseThrow();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return api.send(HttpRequest.newBuilder(api.uri(path)));
    }
}
