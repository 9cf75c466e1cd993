package chat.parley.sendapi;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Someone who signed up at a {@link RunningSendApi}, and what this person asks of it. */
public record ApiPerson(RunningSendApi api, String id, String token) {
    private static final AtomicInteger NAMES = new AtomicInteger();

    /** Signs somebody up under a name of its own. */
    public static ApiPerson signUp(RunningSendApi api) throws Exception {
        var body = """
                {"username":"person%d","password":"correct horse","display_name":"Person"}
                """.formatted(NAMES.incrementAndGet());
        var answer = api.send(HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
        var json = Json.MAPPER.readTree(answer.body());
        return new ApiPerson(
                api,
                json.at("/user/id").textValue(),
                json.at("/session/access_token").textValue());
    }

    /** One request; {@code body} is JSON, null for none. */
    public HttpResponse<String> ask(String method, String path, @Nullable String body) throws Exception {
        var request = HttpRequest.newBuilder(api.uri(path)).header("Authorization", "Bearer " + token);
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        return api.send(request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)));
    }

    /** The JSON of an answer. */
    public static JsonNode json(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }

    /** Makes a direct conversation; its id. */
    public String directWith(ApiPerson other) throws Exception {
        var answer = ask("POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"" + other.id + "\"}");
        return json(answer).at("/id").textValue();
    }

    /** Makes a group of this owner and others; its id. */
    public String groupWith(ApiPerson... others) throws Exception {
        var ids = new StringBuilder();
        for (var other : others) {
            ids.append(ids.isEmpty() ? "\"" : ",\"").append(other.id).append('"');
        }
        var answer = ask(
                "POST", "/v1/conversations", "{\"type\":\"group\",\"name\":\"Group\",\"member_ids\":[" + ids + "]}");
        return json(answer).at("/id").textValue();
    }
}
