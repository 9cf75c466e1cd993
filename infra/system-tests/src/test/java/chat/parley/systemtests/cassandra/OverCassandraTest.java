package chat.parley.systemtests.cassandra;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.notifier.LocalPushService;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.RunningParley;
import chat.parley.systemtests.process.Scene;
import chat.parley.testkit.RealCassandra;
import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 200, unit = TimeUnit.SECONDS)
class OverCassandraTest {
    /** Rows follow within a second; a machine that does much else takes longer. */
    private static final Duration FOLLOWED_MAX = Duration.ofSeconds(30);

    /** Of a picture, in pixels: larger than its thumbnail. */
    private static final int SIDE = 600;

    private RunningParley parley;
    private Person ann;
    private Person bob;

    @BeforeAll
    void startParley() throws Exception {
        var address = RealCassandra.shared().freshKeyspace();
        var contact = address.contacts().getFirst();
        parley = RunningParley.start(
                Persistence.NONE,
                Map.of(
                        "PARLEY_MESSAGES",
                        "cassandra",
                        "PARLEY_CASSANDRA_CONTACTS",
                        contact.getHostString() + ":" + contact.getPort(),
                        "PARLEY_CASSANDRA_KEYSPACE",
                        address.keyspace(),
                        "PARLEY_CASSANDRA_REPLICAS",
                        "1"));
        ann = parley.api().signUp("ann");
        bob = parley.api().signUp("bob");
    }

    @AfterAll
    void stopParley() throws Exception {
        if (parley != null) {
            parley.close();
        }
    }

    @Test
    void what_is_said_and_changed_reads_as_over_postgresql() throws Exception {
        var talk = ann.group("a group", List.of(bob));
        say(ann, talk, "k1", "first");
        say(ann, talk, "k2", "second");
        assertEquals(1, say(ann, talk, "k1", "first"), "a repeat");
        var message = "/v1/conversations/" + talk + "/messages/";
        ok(ann, "PATCH", message + 1, "{\"text\":\"edited\"}");
        ok(bob, "PUT", message + "1/reactions/%F0%9F%91%8D", null);
        ok(ann, "DELETE", message + 2, null);
        var history =
                ok(bob, "GET", "/v1/conversations/" + talk + "/messages", null).get("items");
        assertEquals(2, history.size(), history.toString());
        assertEquals("edited", history.get(1).get("text").asText());
        assertEquals(1, history.get(1).at("/reactions/👍").asInt(), history.toString());
        assertFalse(history.get(0).has("text"));
        var versions = ok(bob, "GET", message + "1/versions", null).get("items");
        assertEquals(2, versions.size());
        assertEquals(0, stored(), "no message is in PostgreSQL");
    }

    @Test
    void lists_marks_and_counts_know_at_once_what_was_said() throws Exception {
        var talk = ann.group("lists", List.of(bob));
        say(ann, talk, "k1", "one");
        say(bob, talk, "k2", "two");
        say(ann, talk, "k3", "three");
        var seen = entry(bob, talk);
        assertEquals(3, seen.get("last_seq").asLong());
        assertEquals("three", seen.at("/last_message/text").asText());
        var own = entry(ann, talk);
        assertEquals(0, own.at("/me/unread_count").asLong(), own.toString());
        assertEquals(3, own.at("/me/read_seq").asLong());
        var one = ok(bob, "GET", "/v1/conversations/" + talk, null);
        assertEquals("three", one.at("/last_message/text").asText());
        // The row of the conversation need not know of the message yet.
        say(ann, talk, "k4", "four");
        ok(bob, "PUT", "/v1/conversations/" + talk + "/read", "{\"seq\":4}");
        assertEquals(
                400,
                call(bob, "PUT", "/v1/conversations/" + talk + "/read", "{\"seq\":5}")
                        .statusCode());
        ok(bob, "PUT", "/v1/conversations/" + talk + "/pins/4", null);
        say(ann, talk, "k5", "five");
        // The count of all conversations goes by the rows, which follow.
        Awaitility.await()
                .atMost(FOLLOWED_MAX)
                .untilAsserted(() ->
                        assertEquals(1, entry(bob, talk).at("/me/unread_count").asLong()));
        Awaitility.await()
                .atMost(FOLLOWED_MAX)
                .untilAsserted(() -> assertEquals(
                        0,
                        ok(ann, "GET", "/v1/users/me/unread", null)
                                        .get("unread_count")
                                        .asLong()
                                - entry(ann, talk).at("/me/unread_count").asLong()
                                - others(ann, talk)));
        var quiet = ann.group("quiet", List.of(bob));
        say(ann, talk, "k6", "six");
        Awaitility.await()
                .atMost(FOLLOWED_MAX)
                .untilAsserted(() -> assertEquals(
                        List.of(talk, quiet), bob.conversations().subList(0, 2), "the one that spoke last is first"));
    }

    @Test
    void who_was_removed_sees_what_was_said_before_and_nothing_after() throws Exception {
        var talk = ann.group("goes", List.of(bob));
        say(bob, talk, "k1", "before");
        ok(ann, "DELETE", "/v1/conversations/" + talk + "/members/" + bob.id(), null);
        assertEquals(
                404,
                call(
                                bob,
                                "POST",
                                "/v1/conversations/" + talk + "/messages",
                                "{\"client_message_id\":\"k2\",\"text\":\"x\"}")
                        .statusCode());
        say(ann, talk, "k3", "after");
        try (var db = DriverManager.getConnection(
                        parley.postgres().jdbcUrl(),
                        parley.postgres().user(),
                        parley.postgres().password());
                var statement = db.createStatement();
                var rows = statement.executeQuery(
                        "SELECT m.left_seq FROM member m JOIN conversation c ON c.id = m.conversation_id"
                                + " WHERE c.name = 'goes' AND m.left_at IS NOT NULL")) {
            assertTrue(rows.next());
            assertEquals(1, rows.getLong(1), "the message before, though its row came later");
        }
    }

    @Test
    void a_picture_is_sent_found_by_its_words_and_pushed() throws Exception {
        try (var pushes = LocalPushService.start()) {
            var carl = parley.api().signUp("carl");
            carl.registerBrowser(pushes.subscribe());
            var talk = ann.direct(carl);
            var picture = upload(ann);
            var body = Api.object().put("client_message_id", "k1").put("text", "the Lighthouse at dusk");
            body.putArray("media_ids").add(picture);
            ok(ann, "POST", "/v1/conversations/" + talk + "/messages", body.toString());

            var sent = ok(carl, "GET", "/v1/conversations/" + talk + "/messages", null)
                    .at("/items/0");
            assertEquals(picture, sent.at("/media/0/id").asText(), sent.toString());
            assertEquals(SIDE, sent.at("/media/0/width").asInt(), sent.toString());
            for (var path : List.of("/v1/media/" + picture, "/v1/media/" + picture + "/thumbnail")) {
                assertEquals(200, call(carl, "GET", path, null).statusCode(), path);
            }
            var push = pushes.await(received -> true).json();
            assertEquals(talk, push.get("conversation_id").asText());
            assertEquals(1, push.get("seq").asLong());
            Awaitility.await().atMost(FOLLOWED_MAX).untilAsserted(() -> {
                var found = ok(carl, "GET", "/v1/search/messages?q=lighthouse", null)
                        .get("items");
                assertEquals(1, found.size());
                assertEquals(sent, found.at("/0/message"));
            });
            ok(ann, "DELETE", "/v1/conversations/" + talk + "/messages/1", null);
            assertEquals(404, call(carl, "GET", "/v1/media/" + picture, null).statusCode());
            assertEquals(
                    0,
                    ok(carl, "GET", "/v1/search/messages?q=lighthouse", null)
                            .get("items")
                            .size());
        }
    }

    private static String upload(Person person) throws Exception {
        var png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB), "png", png);
        var answer = person.api()
                .send(HttpRequest.newBuilder(person.api().sendApi().resolve("/v1/media?name=dusk.png"))
                        .header("Authorization", "Bearer " + person.token())
                        .header("Content-Type", "image/png")
                        .POST(BodyPublishers.ofByteArray(png.toByteArray())));
        assertEquals(201, answer.statusCode(), answer.body());
        return Api.json(answer.body()).get("id").asText();
    }

    @Test
    void a_killed_service_and_a_redis_that_lost_everything_lose_nothing() throws Exception {
        try (var scene = Scene.start(parley)) {
            parley.sendApi().kill();
            parley.sendApi().restart();
            scene.awaitAcknowledged(50);
            parley.redis().kill();
            scene.awaitAcknowledged(20);
            parley.redis().restart();
            scene.awaitAcknowledged(50);
            scene.settle();
        }
    }

    private long others(Person person, String talk) throws Exception {
        long unread = 0;
        for (var item : ok(person, "GET", "/v1/conversations", null).get("items")) {
            unread += item.get("id").asText().equals(talk)
                    ? 0
                    : item.at("/me/unread_count").asLong();
        }
        return unread;
    }

    private static JsonNode entry(Person person, String talk) throws Exception {
        for (var item : ok(person, "GET", "/v1/conversations", null).get("items")) {
            if (item.get("id").asText().equals(talk)) {
                return item;
            }
        }
        throw new AssertionError("not listed: " + talk);
    }

    private static long say(Person person, String talk, String key, String text) throws Exception {
        var body = Api.object().put("client_message_id", key).put("text", text).toString();
        return ok(person, "POST", "/v1/conversations/" + talk + "/messages", body)
                .get("seq")
                .asLong();
    }

    private static HttpResponse<String> call(Person person, String method, String path, @Nullable String body)
            throws Exception {
        return person.api().call(method, path, person.token(), body);
    }

    private static JsonNode ok(Person person, String method, String path, @Nullable String body) throws Exception {
        var answer = call(person, method, path, body);
        assertEquals(2, answer.statusCode() / 100, () -> method + " " + path + ": " + answer.body());
        return Api.json(answer.body().isEmpty() ? "{}" : answer.body());
    }

    private long stored() throws Exception {
        try (var db = DriverManager.getConnection(
                        parley.postgres().jdbcUrl(),
                        parley.postgres().user(),
                        parley.postgres().password());
                var statement = db.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM message")) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
