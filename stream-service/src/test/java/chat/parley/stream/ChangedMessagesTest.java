package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.ChatEvent;
import chat.parley.event.Publication;
import chat.parley.id.ConversationId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageChange;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.NewMessage;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Streams tell messages as they stand: live, replayed and rebuilt. */
class ChangedMessagesTest {
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
    void a_rebuilt_stream_tells_old_messages_that_changed_as_they_stand() throws Exception {
        world.send(talk, ann, "kept");
        world.send(talk, ann, "to be edited");
        world.send(talk, ann, "to be deleted");
        world.send(talk, ann, "liked");
        world.age(talk, Duration.ofMinutes(10));
        var id = broken(cursor());
        change(2, ann, new Edit("edited once", null, null));
        change(2, ann, new Edit("edited twice", null, null));
        change(3, ann, new Delete());
        change(4, ben, new React("a"));
        var told = resumed(id, "rebuilt");
        var all = told.toString();
        assertTrue(all.contains("edited twice"), all);
        assertFalse(all.contains("edited once"), all);
        assertFalse(all.contains("to be deleted"), all);
        assertFalse(all.contains("kept"), "it did not change: " + all);
        assertTrue(all.contains("\"reactions\":{\"a\":1}"), all);
        assertEquals(
                1,
                told.stream()
                        .filter(frame -> frame.data().contains(talk + ":3\""))
                        .count());
    }

    @Test
    void an_exact_replay_tells_a_long_message_as_it_stands() throws Exception {
        var id = cursor();
        world.send(talk, ann, "long ".repeat(500));
        publish(change(1, ann, new Edit("short", null, null)));
        var told = resumed(id, "exact").toString();
        assertFalse(told.contains("long long"), told);
        assertTrue(told.contains("short"), told);
    }

    @Test
    void what_was_deleted_does_not_travel_again() throws Exception {
        var id = cursor();
        world.send(talk, ann, "secret");
        for (int i = 0; i < 150; i++) {
            world.send(talk, ben, "between");
        }
        publish(change(1, ann, new React("a")));
        publish(change(1, ann, new Delete()));
        var told = resumed(id, "exact");
        assertFalse(told.toString().contains("secret"));
        assertEquals(
                List.of("message.deleted"),
                told.stream()
                        .filter(frame -> frame.data().contains(talk + ":1\""))
                        .map(SseClient.Frame::event)
                        .toList());
        assertFalse(told.stream().anyMatch(frame -> "reaction.added".equals(frame.event())));
    }

    @Test
    void what_a_message_answers_is_told_beside_it_as_it_stands_and_only_to_who_may_see_it() throws Exception {
        world.send(talk, ann, "question");
        var id = cursor();
        var body = new MessageBody(MessageBody.Type.TEXT, "answer", null, 1L, List.of(), null, null);
        var roster = world.conversations.roster(talk).orElseThrow();
        var stored = assertInstanceOf(
                AppendOutcome.Stored.class,
                world.messages.append(new NewMessage(
                        talk, roster.version(), ben.user(), UUID.randomUUID().toString(), body)));
        var quoted = world.messages.find(talk, 1).orElseThrow();
        publish(new ChatEvent.MessageCreated(stored.message(), quoted));
        publish(change(1, ann, new Edit("question?", null, null)));
        var told = resumed(id, "exact").toString();
        assertTrue(told.contains("\"quoted\":{"), told);
        assertFalse(told.contains("\"text\":\"question\""), told);
        assertTrue(told.contains("\"text\":\"question?\""), told);
        var rebuilt = resumed(broken(id), "rebuilt").toString();
        assertTrue(rebuilt.contains("\"quoted\":{"), rebuilt);
    }

    private String cursor() throws Exception {
        try (var client = SseClient.resume(node.port(), ben, null)) {
            return Objects.requireNonNull(client.next("stream.ready").id());
        }
    }

    /** The same place in a stream that Redis does not have. */
    private static String broken(String cursor) {
        var parts = cursor.split("-", -1);
        return parts[0] + "-" + parts[1] + "-" + parts[2] + "-0";
    }

    private List<SseClient.Frame> resumed(String id, String how) throws Exception {
        try (var client = SseClient.resume(node.port(), ben, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"" + how + "\""));
            return client.until("stream.caught_up");
        }
    }

    private ChatEvent change(long seq, Person actor, MessageChange.Action action) {
        var roster = world.conversations.roster(talk).orElseThrow();
        var change = new MessageChange(talk, roster.version(), seq, actor.user(), action);
        var changed = assertInstanceOf(Changed.class, world.messages.change(change));
        Message message = changed.message();
        return action instanceof React react
                ? new ChatEvent.ReactionAdded(message, react.emoji(), actor.user(), changed.at())
                : ChatEvent.changed(message, null, actor.user(), changed.at());
    }

    private void publish(ChatEvent event) {
        world.log.publish(List.of(Publication.first(event, List.of(ann.user(), ben.user()))));
    }
}
