package chat.parley.systemtests.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Requests of several people, drawn at random. Whether one is allowed is not asked before: what is refused changes nothing, and that is part of what the test
 * is about.
 */
final class RandomActs {
    private static final List<String> EMOJIS = List.of("👍", "❤️", "🎉", "😀", "👩🏽‍🤝‍👨🏿");

    private final Api api;
    private final List<Person> people;
    private final Random random;
    private final boolean broken;
    private final ConcurrentLinkedQueue<String> conversations = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keys = new AtomicInteger();

    /** @param broken whether failures of ours are what the test causes */
    RandomActs(Api api, List<Person> people, Random random, boolean broken) throws IOException, InterruptedException {
        this.broken = broken;
        this.api = api;
        this.people = people;
        this.random = random;
        conversations.add(people.get(0).direct(people.get(1)));
        conversations.add(people.get(0).group("all", people.subList(1, people.size())));
        conversations.add(people.get(2).group("few", people.subList(0, 2)));
    }

    /** The next act; answers its name and status. Drawn by one thread, may be run by another. */
    Callable<String> next() {
        var actor = people.get(random.nextInt(people.size()));
        var other = people.get(random.nextInt(people.size()));
        var rooms = List.copyOf(conversations);
        var room = "/v1/conversations/" + rooms.get(random.nextInt(rooms.size()));
        long seq = 1L + random.nextInt(25);
        var message = room + "/messages/" + seq;
        int number = keys.incrementAndGet();
        var reaction = message + "/reactions/"
                + URLEncoder.encode(EMOJIS.get(random.nextInt(EMOJIS.size())), UTF_8)
                        .replace("+", "%20");
        return switch (random.nextInt(30)) {
            case 0 -> () -> ask(actor, "PATCH", message, "{\"text\":\"edit " + number + "\"}");
            case 1 -> () -> ask(actor, "PATCH", message, "{\"metadata\":{\"n\":" + number + "}}");
            case 2 -> () -> ask(actor, "DELETE", message, null);
            case 3, 4, 5 -> () -> ask(actor, "PUT", reaction, null);
            case 6 -> () -> ask(actor, "DELETE", reaction, null);
            case 7, 8 -> () -> ask(actor, "PUT", room + "/read", "{\"seq\":" + seq + "}");
            case 9 -> () -> ask(actor, "PUT", room + "/delivered", "{\"seq\":" + seq + "}");
            case 10 -> () -> ask(actor, "PATCH", room, "{\"name\":\"name " + number + "\"}");
            case 11 -> () -> ask(actor, "POST", room + "/members", "{\"user_ids\":[\"" + other.id() + "\"]}");
            case 12 -> () -> ask(actor, "DELETE", room + "/members/" + other.id(), null);
            case 13 -> () -> ask(actor, "PATCH", room + "/members/" + other.id(), "{\"role\":\"admin\"}");
            case 14 -> () -> newGroup(actor, other, number);
            case 15, 16 -> () -> send(actor, room, "\"text\":\"reply " + number + "\",\"reply_to\":" + seq, number);
            case 17 -> () -> send(actor, room, "\"text\":\"hey\",\"mentions\":[\"" + other.id() + "\"]", number);
            case 18 -> () -> send(actor, room, "\"text\":\"" + "long ".repeat(300) + "\"", number);
            case 19 -> () -> ask(actor, "PUT", room + "/pins/" + seq, null);
            case 20 -> () -> ask(actor, "DELETE", room + "/pins/" + seq, null);
            case 21 ->
                () -> ask(
                        actor,
                        "PATCH",
                        room,
                        "{\"topic\":\"" + "t".repeat(number % 3) + "\",\"posting\":\""
                                + (number % 4 == 0 ? "admins" : "everyone") + "\"}");
            case 22 ->
                () -> ask(actor, "PUT", room + "/bans/" + other.id(), null) + " "
                        + ask(actor, "DELETE", room + "/bans/" + other.id(), null);
            default -> () -> send(actor, room, "\"text\":\"text " + number + "\"", number);
        };
    }

    private String send(Person actor, String room, String fields, int number) throws Exception {
        return ask(actor, "POST", room + "/messages", "{\"client_message_id\":\"k" + number + "\"," + fields + "}");
    }

    private String newGroup(Person actor, Person other, int number) throws Exception {
        var body = "{\"type\":\"group\",\"name\":\"group " + number + "\",\"member_ids\":[\"" + other.id() + "\"]}";
        var answer = answer(actor, "POST", "/v1/conversations", body);
        if (answer != null && answer.statusCode() == 201) {
            conversations.add(Api.json(answer.body()).get("id").textValue());
        }
        return "new group " + (answer == null ? "unanswered" : answer.statusCode());
    }

    private String ask(Person actor, String method, String path, @Nullable String body) throws Exception {
        var answer = answer(actor, method, path, body);
        return method + " " + path.replaceAll("/[0-9A-Z]{13}|/[0-9]+", "/*").replaceAll("reactions/.*", "reactions/*")
                + " " + (answer == null ? "unanswered" : answer.statusCode());
    }

    /** Any answer but a failure of ours will do, and that too where we break things; null for none. */
    private @Nullable HttpResponse<String> answer(Person actor, String method, String path, @Nullable String body)
            throws Exception {
        try {
            var answer = api.call(method, path, actor.token(), body);
            if (answer.statusCode() >= 500 && !broken) {
                throw new AssertionError(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer;
        } catch (IOException e) {
            if (!broken) {
                throw e;
            }
            return null;
        }
    }
}
