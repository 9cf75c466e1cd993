package chat.parley.systemtests.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.history.Attempt;
import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.history.Seen;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.Load;
import chat.parley.systemtests.process.SharedParley;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Single promises that only many requests at once can break. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class RulesUnderLoadTest {
    private static final Duration DELIVERED_MAX = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(10);
    private static final int AT_ONCE = 16;

    private final Api api = SharedParley.get().api();
    private final History history = new History();

    @Test
    void one_key_sent_by_sixteen_requests_at_once_is_one_message() throws Exception {
        var ann = api.signUp("ann");
        var conversation = ann.direct(api.signUp("bob"));
        var attempts = new ArrayList<Future<Attempt>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < AT_ONCE; i++) {
                attempts.add(threads.submit(() -> ann.send(conversation, "the key", "the text")));
            }
        }
        for (var attempt : attempts) {
            assertEquals(Outcome.OK, attempt.get().outcome());
            assertEquals(1, attempt.get().seq());
        }
        assertEquals(List.of(new Seen(conversation, 1, ann.id(), "the key", "the text")), ann.history(conversation));
    }

    @Test
    void one_key_with_different_texts_at_once_is_one_message_and_422_for_the_others() throws Exception {
        var ann = api.signUp("ann");
        var conversation = ann.direct(api.signUp("bob"));
        var answers = new ArrayList<Future<HttpResponse<String>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < AT_ONCE; i++) {
                var body = "{\"client_message_id\":\"the key\",\"text\":\"text " + i + "\"}";
                var path = "/v1/conversations/" + conversation + "/messages";
                answers.add(threads.submit(() -> api.call("POST", path, ann.token(), body)));
            }
        }
        int stored = 0;
        for (var answer : answers) {
            if (answer.get().statusCode() == 201) stored++;
            else assertEquals(422, answer.get().statusCode(), answer.get().body());
        }
        assertEquals(1, stored);
        assertEquals(1, ann.history(conversation).size());
    }

    @Test
    void nobody_receives_what_was_sent_after_they_left() throws Exception {
        var ann = api.signUp("ann");
        var bob = api.signUp("bob");
        var cid = api.signUp("cid");
        var conversation = ann.group("soon without bob", List.of(bob, cid));
        var bobs = history.device("bob's device", bob.id());
        var cids = history.device("cid's device", cid.id());
        try (var bobsDevice = Device.connect(bob, bobs);
                var cidsDevice = Device.connect(cid, cids);
                var load = Load.start(history, List.of(ann, cid), List.of(conversation), PAUSE)) {
            awaitAcknowledged(20);
            var path = "/v1/conversations/" + conversation + "/members/" + bob.id();
            int status = api.call("DELETE", path, ann.token(), null).statusCode();
            assertTrue(status == 200 || status == 204, "removal was answered " + status);
            var keysBefore = keys();
            awaitAcknowledged(20);
            load.close();
            bobsDevice.awaitCaughtUp(1);
            cidsDevice.awaitCaughtUp(1);
            long last = ann.history(conversation).getLast().seq();
            Awaitility.await().atMost(DELIVERED_MAX).until(() -> cids.has(conversation, last));
            for (var message : bobs.messages()) {
                // A request that was under way at the moment of the removal may have been stored just before it; one
                // that began later may not.
                assertTrue(
                        keysBefore.contains(message.key()) || mayHaveBeenUnderWay(message, keysBefore),
                        () -> "bob saw " + message + ", sent after he was removed");
            }
            assertEquals(
                    404,
                    api.call("GET", "/v1/conversations/" + conversation + "/messages", bob.token(), null)
                            .statusCode());
        }
    }

    /** Each sender has one request under way at a time, so at most one key a sender is not yet recorded. */
    private static boolean mayHaveBeenUnderWay(Seen message, Set<String> keysBefore) {
        int number = Integer.parseInt(message.key().substring(message.key().lastIndexOf('-') + 1));
        var sender = message.key().substring(0, message.key().lastIndexOf('-') + 1);
        return keysBefore.contains(sender + (number - 1));
    }

    private Set<String> keys() {
        var keys = new HashSet<String>();
        for (var attempt : history.attempts()) keys.add(attempt.key());
        return keys;
    }

    private void awaitAcknowledged(long more) {
        long until = history.acknowledged() + more;
        Awaitility.await().atMost(DELIVERED_MAX).until(() -> history.acknowledged() >= until);
    }
}
