package chat.parley.sendapi.mydata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Somebody who has put a rare word wherever a person can put one, and two others who saw it. */
final class MarkedPerson {
    static final String PASSWORD = "correct horse";

    final String mark;
    final RunningSendApi api;
    final Person ann;
    final JsonNode session;
    final Person bob;
    final Person eve;
    final String direct;
    final String group;

    MarkedPerson(RunningSendApi api, String mark) throws Exception {
        this.api = api;
        this.mark = mark;
        var answer = signUp(api, mark);
        assertEquals(201, answer.statusCode(), answer.body());
        var signedUp = Json.MAPPER.readTree(answer.body());
        session = signedUp.get("session");
        ann = new Person(
                api,
                signedUp.at("/user/id").textValue(),
                session.get("access_token").textValue());
        bob = Person.signUp(api);
        eve = Person.signUp(api);
        direct = ann.directWith(bob);
        group = ann.groupWith(bob, eve);
        act();
    }

    static HttpResponse<String> signUp(RunningSendApi api, String mark) throws Exception {
        var body = """
                {"username":"%s","password":"%s","display_name":"%s Smith"}""".formatted(mark, PASSWORD, mark);
        return api.send(HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", mark + "-key")
                .header("User-Agent", "Browser of " + mark)
                .POST(BodyPublishers.ofString(body)));
    }

    private void act() throws Exception {
        say(ann, direct, "d1", mark + " in the direct conversation", "");
        say(bob, direct, "b1", "an answer", ",\"reply_to\":1");
        say(ann, direct, mark + "-client-id", "forgotten already", ",\"metadata\":{\"m\":\"" + mark + "\"}");
        done(ann, "DELETE", messages(direct) + "/3", null);
        say(ann, group, "g1", "first " + mark, "");
        done(ann, "PATCH", messages(group) + "/1", "{\"text\":\"then \\u00e9" + mark + "\"}");
        say(bob, group, "b1", "hello", "");
        say(eve, group, "e1", "hello too", ",\"mentions\":[\"" + ann.id() + "\"]");
        String thumb = URLEncoder.encode("👍", StandardCharsets.UTF_8);
        done(ann, "PUT", messages(group) + "/2/reactions/" + thumb, null);
        done(eve, "PUT", messages(group) + "/2/reactions/" + thumb, null);
        done(bob, "PUT", messages(group) + "/1/reactions/" + thumb, null);
        done(eve, "POST", messages(group) + "/1/reports", "{\"reason\":\"other\",\"note\":\"look\"}");
        done(ann, "POST", messages(group) + "/2/reports", "{\"reason\":\"other\",\"note\":\"" + mark + "\"}");
        done(ann, "PUT", "/v1/users/me/blocks/" + eve.id(), null);
        done(ann, "POST", "/v1/conversations/" + group + "/invites", "{}");
        done(ann, "PUT", "/v1/conversations/" + group + "/notifications", "{\"level\":\"mentions\"}");
        done(ann, "PUT", "/v1/presence/me", "{\"status\":\"away\",\"text\":\"" + mark + "\"}");
        done(
                ann,
                "PUT",
                "/v1/devices/" + mark + "-phone",
                "{\"vendor\":\"fcm\",\"token\":\"token:" + mark + "\",\"locale\":\"de\",\"state\":\"background\"}");
        done(ann, "POST", "/v1/devices/" + mark + "-phone/test", null);
        done(ann, "PUT", "/v1/users/me/notifications", "{\"preview\":false}");
        var file = api.send(HttpRequest.newBuilder(api.uri("/v1/media?name=" + mark + ".txt"))
                .header("Authorization", "Bearer " + ann.token())
                .POST(BodyPublishers.ofString("a file about " + mark)));
        assertEquals(201, file.statusCode(), file.body());
        String media = Json.MAPPER.readTree(file.body()).get("id").textValue();
        done(
                ann,
                "POST",
                messages(group),
                "{\"client_message_id\":\"f1\",\"type\":\"file\",\"media_ids\":[\"" + media + "\"]}");
        // Its answer shows the last message, and is kept for a repeat.
        var kept = api.send(HttpRequest.newBuilder(api.uri("/v1/conversations"))
                .header("Authorization", "Bearer " + bob.token())
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "bobs")
                .POST(BodyPublishers.ofString("{\"type\":\"direct\",\"user_id\":\"" + ann.id() + "\"}")));
        assertTrue(kept.statusCode() < 300, kept.body());
    }

    static String messages(String conversation) {
        return "/v1/conversations/" + conversation + "/messages";
    }

    static void say(Person who, String where, String clientId, String text, String more) throws Exception {
        done(
                who,
                "POST",
                messages(where),
                "{\"client_message_id\":\"" + clientId + "\",\"text\":\"" + text + "\"" + more + "}");
    }

    private static void done(Person who, String method, String path, @Nullable String body) throws Exception {
        var answer = who.ask(method, path, body);
        assertTrue(answer.statusCode() < 300, method + " " + path + ": " + answer.body());
    }
}
