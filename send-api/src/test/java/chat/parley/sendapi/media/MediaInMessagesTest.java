package chat.parley.sendapi.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.picture.Pictures;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MediaInMessagesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private MediaClient client;
    private MediaClient.Person ann;
    private MediaClient.Person bob;
    private MediaClient.Person eve;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        client = new MediaClient(api);
        ann = client.signUp();
        bob = client.signUp();
        eve = client.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_picture_rides_in_a_message_with_or_without_words() throws Exception {
        var item = client.post(ann, "?name=a.png", Pictures.png(8, 4));
        var talk = group(ann, bob);
        var sent = send(ann, talk, "k1", "\"media_ids\":[\"" + id(item) + "\"]");
        assertEquals(201, sent.statusCode(), sent.text());
        assertEquals("image", sent.json().at("/type").textValue());
        assertNull(sent.json().get("text"));
        assertEquals(item.text(), sent.json().at("/media/0").toString());
        assertEquals(
                sent.text(), client.call(bob, "GET", talk + "/messages/1", "").text());
        var again = send(ann, talk, "k1", "\"media_ids\":[\"" + id(item) + "\"]");
        assertEquals(sent.text(), again.text());
        assertEquals("true", again.header("idempotency-replayed"));
        var worded = send(ann, talk, "k2", "\"text\":\"look\",\"media_ids\":[\"" + id(item) + "\"]");
        assertEquals("look", worded.json().at("/text").textValue());
        assertEquals(
                422,
                send(ann, talk, "k2", "\"text\":\"look\",\"media_ids\":[\"" + file(ann) + "\"]")
                        .statusCode());
    }

    @Test
    void the_type_is_that_of_what_is_carried() throws Exception {
        var talk = group(ann, bob);
        String picture = id(client.post(ann, "", Pictures.png(8, 4)));
        String file = file(ann);
        String both = "\"media_ids\":[\"" + picture + "\",\"" + file + "\"]";
        assertEquals("file", send(ann, talk, "t1", both).json().at("/type").textValue());
        assertEquals(
                "file",
                send(ann, talk, "t2", "\"type\":\"file\",\"media_ids\":[\"" + picture + "\"]")
                        .json()
                        .at("/type")
                        .textValue());
        refused("/type", "not_all_pictures", send(ann, talk, "t3", "\"type\":\"image\"," + both));
        refused("/type", "not_a_type", send(ann, talk, "t4", "\"type\":\"text\",\"text\":\"a\"," + both));
        refused("/type", "not_a_type", send(ann, talk, "t5", "\"type\":\"image\",\"text\":\"a\""));
        refused("/text", "required", send(ann, talk, "t6", "\"media_ids\":[]"));
    }

    @Test
    void only_media_of_the_senders_own_can_be_sent() throws Exception {
        var talk = group(ann, bob);
        String ours = file(ann);
        assertEquals(
                201, send(ann, talk, "o1", "\"media_ids\":[\"" + ours + "\"]").statusCode());
        refused("/media_ids/0", "unknown_media", send(bob, talk, "o2", "\"media_ids\":[\"" + ours + "\"]"));
        refused(
                "/media_ids/1",
                "unknown_media",
                send(ann, talk, "o3", "\"media_ids\":[\"" + ours + "\",\"0H7Q00000000A\"]"));
        refused("/media_ids", "not_an_id", send(ann, talk, "o4", "\"media_ids\":[\"x\"]"));
        String eleven = IntStream.range(0, 11).mapToObj(i -> "\"" + ours + "\"").collect(Collectors.joining(","));
        refused("/media_ids", "too_long", send(ann, talk, "o5", "\"media_ids\":[" + eleven + "]"));
        assertEquals(
                404,
                send(eve, talk, "o6", "\"media_ids\":[\"" + file(eve) + "\"]").statusCode());
    }

    @Test
    void what_the_client_writes_beside_gives_nobody_a_right() throws Exception {
        var talk = group(bob, eve);
        String secret = file(ann);
        String forged = "\"metadata\":{\"media\":[{\"id\":\"" + secret + "\",\"type\":\"image/png\"}]}";
        assertEquals(201, send(eve, talk, "f1", "\"text\":\"a\"," + forged).statusCode());
        assertEquals(
                201,
                send(eve, talk, "f2", "\"media_ids\":[\"" + file(eve) + "\"]," + forged)
                        .statusCode());
        assertEquals(404, client.get(eve, secret).statusCode());
        refused("/metadata", "nul", send(eve, talk, "f3", "\"text\":\"a\",\"metadata\":{\"a\":[\"\\u0000\"]}"));
    }

    @Test
    void who_may_read_the_message_may_read_its_media() throws Exception {
        var talk = group(ann, bob);
        String picture = id(client.post(ann, "", Pictures.png(500, 500)));
        assertEquals(404, client.get(bob, picture).statusCode());
        send(ann, talk, "r1", "\"media_ids\":[\"" + picture + "\"]");
        assertEquals(200, client.get(bob, picture).statusCode());
        assertEquals(200, client.get(bob, picture + "/thumbnail").statusCode());
        assertEquals(404, client.get(eve, picture).statusCode());
        client.call(ann, "POST", talk + "/members", "{\"user_ids\":[\"" + eve.id() + "\"]}");
        assertEquals(404, client.get(eve, picture).statusCode()); // sent before she came
        send(ann, talk, "r2", "\"media_ids\":[\"" + picture + "\"]");
        assertEquals(200, client.get(eve, picture).statusCode());
        client.call(ann, "DELETE", talk + "/members/" + bob.id(), "");
        assertEquals(404, client.get(bob, picture).statusCode());
    }

    @Test
    void with_the_last_message_that_carries_it_a_picture_is_gone_for_the_others() throws Exception {
        var talk = group(ann, bob);
        String picture = id(client.post(ann, "", Pictures.png(8, 4)));
        send(ann, talk, "d1", "\"text\":\"one\",\"media_ids\":[\"" + picture + "\"]");
        send(ann, talk, "d2", "\"media_ids\":[\"" + picture + "\"]");
        assertEquals(
                200,
                client.call(ann, "PATCH", talk + "/messages/1", "{\"text\":\"\"}")
                        .statusCode());
        assertEquals(0, waiting(picture));
        client.call(ann, "DELETE", talk + "/messages/1", "");
        assertEquals(200, client.get(bob, picture).statusCode());
        assertEquals(0, waiting(picture));
        client.call(ann, "DELETE", talk + "/messages/2", "");
        assertEquals(404, client.get(bob, picture).statusCode());
        assertEquals(1, waiting(picture)); // for the collector
    }

    @Test
    void two_last_uses_taken_at_once_are_both_noticed() throws Exception {
        for (int round = 0; round < 10; round++) {
            String picture = id(client.post(ann, "", Pictures.png(8, 4)));
            var talks = new ArrayList<String>();
            for (int i = 0; i < 4; i++) {
                talks.add(group(ann, bob));
                send(ann, talks.get(i), "c", "\"media_ids\":[\"" + picture + "\"]");
            }
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<Integer>> deletions = new ArrayList<>();
                for (var talk : talks) {
                    deletions.add(threads.submit(() ->
                            client.call(ann, "DELETE", talk + "/messages/1", "").statusCode()));
                }
                for (var deletion : deletions) {
                    assertFalse(deletion.get() >= 400);
                }
            }
            assertEquals(1, waiting(picture));
        }
    }

    @Test
    void everyone_sees_the_picture_of_a_person_until_another_takes_its_place() throws Exception {
        String first = id(client.post(bob, "", Pictures.png(300, 300)));
        String second = id(client.post(bob, "", Pictures.png(8, 8)));
        assertEquals(404, client.get(eve, first).statusCode());
        var changed = avatar(bob, "\"" + first + "\"");
        assertEquals(200, changed.statusCode(), changed.text());
        assertEquals(first, changed.json().at("/avatar_media_id").textValue());
        assertEquals(
                first,
                client.call(eve, "GET", "/v1/users/" + bob.id(), "")
                        .json()
                        .at("/avatar_media_id")
                        .textValue());
        assertEquals(200, client.get(eve, first + "/thumbnail").statusCode());
        assertEquals(0, waiting(first));
        avatar(bob, "\"" + second + "\"");
        assertEquals(1, waiting(first));
        assertEquals(404, client.get(eve, first).statusCode());
        assertNull(avatar(bob, "null").json().get("avatar_media_id"));
        assertEquals(1, waiting(second));
        refused("/avatar_media_id", "unknown_media", avatar(eve, "\"" + second + "\""));
        refused("/avatar_media_id", "not_a_picture", avatar(eve, "\"" + file(eve) + "\""));
        refused("/avatar_media_id", "not_an_id", avatar(eve, "\"x\""));
    }

    private MediaClient.Answer avatar(MediaClient.Person person, String value) throws Exception {
        return client.call(person, "PATCH", "/v1/users/me", "{\"avatar_media_id\":" + value + "}");
    }

    private static void refused(String pointer, String code, MediaClient.Answer answer) throws Exception {
        assertEquals(400, answer.statusCode(), answer.text());
        assertEquals(pointer, answer.json().at("/errors/0/pointer").textValue());
        assertEquals(code, answer.json().at("/errors/0/code").textValue());
    }

    private String group(MediaClient.Person owner, MediaClient.Person member) throws Exception {
        var made = client.call(
                owner,
                "POST",
                "/v1/conversations",
                "{\"type\":\"group\",\"name\":\"Talk\",\"member_ids\":[\"" + member.id() + "\"]}");
        return "/v1/conversations/" + made.json().at("/id").textValue();
    }

    private MediaClient.Answer send(MediaClient.Person sender, String talk, String key, String fields)
            throws Exception {
        return client.call(
                sender, "POST", talk + "/messages", "{\"client_message_id\":\"" + key + "\"," + fields + "}");
    }

    private String file(MediaClient.Person owner) throws Exception {
        return id(client.post(owner, "", MediaHttpTest.random(20)));
    }

    private static String id(MediaClient.Answer uploaded) throws Exception {
        return uploaded.json().at("/id").textValue();
    }

    /** How many of this id nothing uses any more. */
    private static int waiting(String picture) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var query = connection.prepareStatement(
                        "SELECT count(*) FROM media WHERE id = tsid(?) AND remove_after <= clock_timestamp()")) {
            query.setString(1, picture);
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }
}
