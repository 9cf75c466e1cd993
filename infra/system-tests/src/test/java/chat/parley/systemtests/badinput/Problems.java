package chat.parley.systemtests.badinput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.util.List;

/** What every refusal must look like. */
final class Problems {
    private Problems() {}

    /** Checks status, code and form. */
    static void require(int status, String code, HttpResponse<String> answer) throws Exception {
        assertEquals(status, answer.statusCode(), answer.body());
        assertEquals(
                "application/problem+json",
                answer.headers().firstValue("Content-Type").orElse("").replaceAll(";.*", ""));
        var problem = Api.json(answer.body());
        assertEquals(code, problem.get("code").asText(), answer.body());
        assertEquals(status, problem.get("status").asInt());
        for (var field : new String[] {"type", "title", "request_id", "retryable"}) {
            assertTrue(problem.has(field), () -> field + " is missing: " + answer.body());
        }
    }

    /** The body without what names this one request. */
    static String constantPart(String body) throws Exception {
        return ((ObjectNode) Api.json(body))
                .remove(List.of("request_id", "instance"))
                .toString();
    }
}
