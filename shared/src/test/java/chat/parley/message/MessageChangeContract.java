package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChange.Unreact;
import chat.parley.message.MessageChangeOutcome.AlreadyDeleted;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageChangeOutcome.NoSuchMessage;
import chat.parley.message.MessageChangeOutcome.Unchanged;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The promises of {@link MessageStore} about changes of what is stored. */
abstract class MessageChangeContract extends MessageStoreContract {
    @Test
    void all_parts_of_a_message_are_read_back_as_they_were_sent() {
        var talk = newConversation();
        send(talk, ANN, "first", "question");
        var body = new MessageBody(
                MessageBody.Type.IMAGE,
                null,
                null,
                1L,
                List.of(BOB, MessageBody.EVERYONE),
                "{\"a\":[1,\"\\u0001\"]}",
                null);
        var stored = assertInstanceOf(
                AppendOutcome.Stored.class, store().append(new NewMessage(talk, VERSION, ANN, "second", body)));
        assertEquals(body, stored.message().body());
        assertEquals(stored.message(), store().find(talk, 2).orElseThrow());
    }

    @Test
    void a_key_used_with_other_parts_is_refused() {
        var talk = newConversation();
        send(talk, ANN, "key", "text");
        var body = new MessageBody(MessageBody.Type.TEXT, "text", null, null, List.of(BOB), null, null);
        assertInstanceOf(
                AppendOutcome.KeyReused.class, store().append(new NewMessage(talk, VERSION, ANN, "key", body)));
    }

    @Test
    void a_change_against_older_members_is_not_made() {
        var talk = newConversation();
        send(talk, ANN, "key", "text");
        changeMembers(talk);
        assertInstanceOf(MessageChangeOutcome.RosterChanged.class, change(talk, 1, ANN, new Delete()));
        assertEquals("text", store().find(talk, 1).orElseThrow().body().text());
    }

    @Test
    void what_is_not_there_cannot_be_changed() {
        var talk = newConversation();
        assertInstanceOf(NoSuchMessage.class, change(talk, 1, ANN, new Delete()));
        assertInstanceOf(
                MessageChangeOutcome.RosterChanged.class,
                change(new ConversationId(Long.MAX_VALUE), 1, ANN, new Delete()));
    }

    @Test
    void times_of_changes_grow_also_when_the_clock_goes_back() {
        var talk = newConversation();
        var sent = send(talk, ANN, "key", "text");
        clock.advance(Duration.ofSeconds(10));
        var first = assertInstanceOf(Changed.class, change(talk, 1, ANN, new Edit("two", null, null)));
        clock.advance(Duration.ofMinutes(-1));
        var second = assertInstanceOf(Changed.class, change(talk, 1, ANN, new Edit("three", null, null)));
        assertTrue(first.at().isAfter(sent.createdAt()));
        assertTrue(second.at().isAfter(first.at()));
        assertEquals(second.at(), second.message().state().editedAt());
    }

    @Test
    void changes_since_a_time_are_those_of_older_messages_once_and_in_order() {
        var talk = newConversation();
        var quiet = newConversation();
        for (int i = 1; i <= 4; i++) {
            send(talk, ANN, "key" + i, "text " + i);
        }
        send(quiet, ANN, "key", "text");
        clock.advance(Duration.ofSeconds(10));
        change(talk, 1, ANN, new React("a"));
        clock.advance(Duration.ofSeconds(10));
        Instant since = clock.instant();
        change(talk, 3, ANN, new Edit("three", null, null));
        change(talk, 2, BOB, new React("a"));
        change(talk, 3, BOB, new React("a"));
        send(talk, ANN, "key5", "new");
        change(talk, 5, ANN, new Edit("newer", null, null));
        var changed = store().changedSince(List.of(quiet, talk), since, 100);
        assertEquals(List.of(2L, 3L), changed.stream().map(ChangedMessage::seq).toList());
        assertEquals(1, store().changedSince(List.of(quiet, talk), since, 1).size());
        assertEquals(List.of(), store().changedSince(List.of(quiet), since, 100));
        assertEquals(List.of(), store().changedSince(List.of(), since, 100));
    }

    @Test
    void a_deletion_leaves_nothing_to_read() {
        var talk = newConversation();
        send(talk, ANN, "key", "one");
        change(talk, 1, ANN, new Edit("two", List.of(BOB), "{\"a\":1}"));
        change(talk, 1, BOB, new React("a"));
        assertEquals(2, store().versions(talk, 1).size());
        var gone = assertInstanceOf(Changed.class, change(talk, 1, ANN, new Delete()))
                .message();
        assertEquals(gone, store().find(talk, 1).orElseThrow());
        assertNull(gone.body().text());
        assertNull(gone.body().metadata());
        assertNull(gone.state().reactions());
        assertEquals(List.of(), gone.body().mentions());
        assertEquals(List.of(), store().versions(talk, 1));
        assertEquals(List.of(), store().reactions(talk, 1, null, 10));
        assertInstanceOf(AlreadyDeleted.class, change(talk, 1, ANN, new Edit("x", null, null)));
        assertInstanceOf(Unchanged.class, change(talk, 1, ANN, new Delete()));
    }

    /** A model beside the store: after any number of changes at once, the store says what one order of them makes. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void any_changes_at_once_come_to_what_some_order_of_them_makes(long seed) throws Exception {
        var talk = newConversation();
        for (int seq = 1; seq <= 3; seq++) {
            send(talk, ANN, "key" + seq, "text");
        }
        var random = new Random(seed);
        var work = new ArrayList<Callable<Changed>>();
        for (int i = 0; i < 80; i++) {
            long seq = 1L + random.nextInt(3);
            var actor = new UserId(1L + random.nextInt(4));
            var action = action(random, i);
            work.add(() -> change(talk, seq, actor, action) instanceof Changed changed ? changed : null);
        }
        var made = new ArrayList<Changed>();
        try (var threads = Executors.newFixedThreadPool(6)) {
            for (var each : threads.invokeAll(work)) {
                if (each.get() != null) {
                    made.add(each.get());
                }
            }
        }
        var times = new HashSet<Instant>();
        Map<Long, Message> last = new HashMap<>();
        Map<Long, HashSet<Integer>> versions = new HashMap<>();
        for (var change : made) {
            var message = change.message();
            assertTrue(times.add(change.at()), "two changes of one moment");
            versions.computeIfAbsent(message.seq(), unused -> new HashSet<>())
                    .add(message.state().version());
            last.merge(
                    message.seq(),
                    message,
                    (a, b) -> a.state().version() > b.state().version() ? a : b);
        }
        for (long seq = 1; seq <= 3; seq++) {
            var now = store().find(talk, seq).orElseThrow();
            if (last.containsKey(seq)) {
                assertEquals(last.get(seq), now);
                int changes = now.state().version() - 1;
                assertEquals(
                        changes, versions.getOrDefault(seq, new HashSet<>()).size(), "without holes");
            }
            assertEquals(
                    counted(talk, seq),
                    now.state().reactions() == null ? "{}" : now.state().reactions());
        }
    }

    private static MessageChange.Action action(Random random, int i) {
        var emoji = "emoji" + random.nextInt(3);
        return switch (random.nextInt(12)) {
            case 0 -> new Delete();
            case 1, 2, 3 -> new Edit("text " + i, null, null);
            case 4, 5, 6 -> new Unreact(emoji);
            default -> new React(emoji);
        };
    }

    /** A recount in the order in which the store says its counts. */
    private String counted(ConversationId talk, long seq) {
        var counts = new HashMap<String, Integer>();
        store().reactions(talk, seq, null, 200).forEach(each -> counts.merge(each.emoji(), 1, Integer::sum));
        var stored = store().find(talk, seq).orElseThrow().state().reactions();
        var parts = new ArrayList<String>();
        if (stored != null) {
            for (var part : stored.substring(1, stored.length() - 1).split(",", -1)) {
                var emoji = part.substring(1, part.lastIndexOf('"'));
                parts.add("\"" + emoji + "\":" + counts.remove(emoji));
            }
        }
        assertTrue(counts.isEmpty(), "reactions that are not counted: " + counts);
        return "{" + String.join(",", parts) + "}";
    }

    final MessageChangeOutcome change(ConversationId talk, long seq, UserId actor, MessageChange.Action action) {
        return store().change(new MessageChange(talk, VERSION, seq, actor, action));
    }
}
