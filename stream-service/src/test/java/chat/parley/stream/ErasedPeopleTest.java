package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.ChatEvent;
import chat.parley.event.Publication;
import chat.parley.id.ConversationId;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What streams tell of somebody who is erased: to the others what is left, to the erased nothing. */
class ErasedPeopleTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private NodeUnderTest node;
    private Person ann;
    private Person ben;
    private ConversationId talk;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        node = world.node();
        ann = world.person();
        ben = world.person();
        talk = world.direct(ann, ben);
        StreamServiceTest.awaitReady(node);
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
    }

    @Test
    void their_own_streams_end_at_once() throws Exception {
        try (var client = SseClient.resume(node.port(), ann, null)) {
            client.until("stream.caught_up");
            world.accounts.erasures().begin(ann.user());
            world.log.allSessionsEnded(ann.user());
            client.next("stream.reauth");
        }
    }

    @Test
    void others_are_told_live_and_go_on_without_a_gap() throws Exception {
        try (var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            world.send(talk, ann, "secret");
            client.next("message.created");
            erase();
            assertTrue(client.next("message.deleted").data().contains(talk + ":1\""));
            world.send(talk, ben, "on we go");
            assertEquals(2, client.next("message.created").seq());
        }
    }

    @Test
    void who_resumes_before_the_hole_is_told_exactly_and_on_it_from_history() throws Exception {
        var before = cursor();
        world.send(talk, ann, "secret");
        String on;
        try (var client = SseClient.resume(node.port(), ben, before)) {
            client.next("stream.ready");
            on = Objects.requireNonNull(client.next("message.created").id());
        }
        world.send(talk, ben, "kept");
        erase();
        for (var how : List.of("exact", "rebuilt")) {
            var told = resumed(how.equals("exact") ? before : on, how);
            assertFalse(told.toString().contains("secret"), how);
            assertTrue(told.toString().contains("kept"), how);
            assertTrue(
                    told.stream()
                            .anyMatch(frame -> frame.data().contains(talk + ":2\"")
                                    && frame.data().contains("deleted_at")),
                    how + ": " + told);
        }
    }

    /** As the eraser and the relay do: the tombstone is told, then the words are taken out of the stream. */
    private void erase() {
        var asked = Instant.now();
        while (world.messages.erase(talk, ann.user(), asked, 10) > 0) {
            var gone = world.messages.sentBy(ann.user(), talk, 0, 1).getFirst();
            var at = Objects.requireNonNull(gone.state().changedAt());
            world.log.publish(
                    List.of(Publication.repeat(ChatEvent.changed(gone, null, ann.user(), at), List.of(ben.user()))));
        }
        assertEquals(1, world.log.erase(ben.user(), ann.user(), asked));
    }

    private String cursor() throws Exception {
        world.send(talk, ben, "before");
        try (var client = SseClient.resume(node.port(), ben, null)) {
            return Objects.requireNonNull(client.next("stream.ready").id());
        }
    }

    private List<SseClient.Frame> resumed(String id, String how) throws Exception {
        try (var client = SseClient.resume(node.port(), ben, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"" + how + "\""), how);
            return client.until("stream.caught_up");
        }
    }
}
