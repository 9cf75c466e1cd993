package chat.parley.systemtests.process;

import chat.parley.push.PushTarget;
import chat.parley.systemtests.history.Attempt;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.history.Seen;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Somebody who is logged in. */
public record Person(Api api, String id, String username, String token) {
    private static final int PAGE = 100;

    /** The conversation of two. */
    public String direct(Person other) throws IOException, InterruptedException {
        return create(
                Api.object().put("type", "direct").put("user_id", other.id()).toString());
    }

    /** A new group with these people and oneself. */
    public String group(String name, List<Person> others) throws IOException, InterruptedException {
        var body = Api.object().put("type", "group").put("name", name);
        var members = body.putArray("member_ids");
        for (var other : others) members.add(other.id());
        return create(body.toString());
    }

    private String create(String body) throws IOException, InterruptedException {
        var answer = api.call("POST", "/v1/conversations", token, body);
        if (answer.statusCode() != 200) Api.require(answer, 201);
        return Api.json(answer.body()).get("id").asText();
    }

    /** Registers a browser in the background that is woken there. */
    public void registerBrowser(PushTarget.WebPush subscription) throws IOException, InterruptedException {
        var body = Api.object().put("vendor", "web_push").put("state", "background");
        body.putObject("subscription")
                .put("endpoint", subscription.endpoint().toString())
                .putObject("keys")
                .put("p256dh", subscription.p256dh())
                .put("auth", subscription.auth());
        Api.require(api.call("PUT", "/v1/devices/browser", token, body.toString()), 201);
    }

    /** One request to send a message. */
    public Attempt send(String conversation, String key, String text) throws InterruptedException {
        var body = Api.object().put("client_message_id", key).put("text", text).toString();
        try {
            var answer = api.call("POST", "/v1/conversations/" + conversation + "/messages", token, body);
            return switch (answer.statusCode()) {
                case 201, 200 ->
                    attempt(
                            conversation,
                            key,
                            text,
                            Outcome.OK,
                            Api.json(answer.body()).get("seq").asLong());
                case 429 -> attempt(conversation, key, text, Outcome.UNKNOWN, 0);
                default ->
                    attempt(conversation, key, text, answer.statusCode() >= 500 ? Outcome.UNKNOWN : Outcome.FAILED, 0);
            };
        } catch (IOException e) {
            return attempt(conversation, key, text, Outcome.UNKNOWN, 0);
        }
    }

    private Attempt attempt(String conversation, String key, String text, Outcome outcome, long seq) {
        return new Attempt(conversation, id, key, text, outcome, seq);
    }

    /** The whole history of a conversation, oldest first, page by page. */
    public List<Seen> history(String conversation) throws IOException, InterruptedException {
        var all = new ArrayList<Seen>();
        long after = 0;
        while (true) {
            var page = historyAfter(conversation, after);
            if (page.isEmpty()) return all;
            all.addAll(page);
            after = page.getLast().seq();
        }
    }

    /** The next page of history after a number. */
    public List<Seen> historyAfter(String conversation, long after) throws IOException, InterruptedException {
        var path = "/v1/conversations/" + conversation + "/messages?limit=" + PAGE + "&after=" + after;
        var answer = api.call("GET", path, token, null);
        if (answer.statusCode() >= 500) throw new IOException("history is away: " + answer.statusCode());
        Api.require(answer, 200);
        var page = new ArrayList<Seen>();
        for (var item : Api.json(answer.body()).get("items")) page.add(seen(item));
        return page;
    }

    /** The ids of all my conversations, at most a page of them. */
    public List<String> conversations() throws IOException, InterruptedException {
        var answer = api.call("GET", "/v1/conversations?limit=" + PAGE, token, null);
        if (answer.statusCode() >= 500) throw new IOException("the list is away: " + answer.statusCode());
        Api.require(answer, 200);
        var ids = new ArrayList<String>();
        for (var item : Api.json(answer.body()).get("items"))
            ids.add(item.get("id").asText());
        return ids;
    }

    /** A message object as history and the stream carry it. */
    static Seen seen(JsonNode message) {
        return new Seen(
                message.get("conversation_id").asText(),
                message.get("seq").asLong(),
                message.get("sender_id").asText(),
                message.get("client_message_id").asText(),
                message.path("text").asText()); // notices have none
    }
}
