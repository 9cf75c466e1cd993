package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.KeyReused;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.StepClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The promises of {@link MessageStore}. A subclass adds only the store, and conversations for it to write to. */
public abstract class MessageStoreContract {
    protected static final UserId ANN = new UserId(1_001);
    protected static final UserId BOB = new UserId(1_002);
    protected static final long VERSION = 1;

    private static final int WRITERS = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Moved by the tests; the store reads it. */
    protected final StepClock clock = StepClock.started();

    /** The store under test; the same one for the whole of a test. */
    protected abstract MessageStore store();

    /** A conversation of its own, whose members are at {@link #VERSION}, created at {@link #clock}'s time. */
    protected abstract ConversationId newConversation();

    /** Plays a change of members. */
    protected abstract void changeMembers(ConversationId conversation);

    @Test
    void seqs_begin_at_one_and_have_no_holes() {
        var talk = newConversation();
        for (int i = 1; i <= 5; i++) {
            assertEquals(i, send(talk, ANN, "key" + i, "text " + i).seq());
        }
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), seqs(store().after(talk, 0, 10)));
    }

    @Test
    void what_is_stored_is_read_back_as_it_was_sent() {
        var talk = newConversation();
        var text = "line\nbreak \r\n \u2028 \uD83D\uDC4D \"quoted\" \\ end";
        var sent = send(talk, ANN, "key ~!", text);
        var body = MessageBody.text(text);
        assertEquals(new Message(talk, 1, ANN, "key ~!", body, clock.instant(), MessageState.NEW), sent);
        assertEquals(Optional.of(sent), store().find(talk, 1));
    }

    @Test
    void a_repeat_of_the_same_message_changes_nothing() {
        var talk = newConversation();
        var sent = send(talk, ANN, "once", "hello");
        clock.advance(Duration.ofSeconds(9));
        var outcome = store().append(draft(talk, ANN, "once", "hello"));
        assertEquals(sent, assertInstanceOf(AlreadyStored.class, outcome).message());
        assertEquals(List.of(1L), seqs(store().after(talk, 0, 10)));
    }

    @Test
    void a_key_used_for_another_text_is_refused_and_costs_no_seq() {
        var talk = newConversation();
        send(talk, ANN, "once", "hello");
        assertInstanceOf(KeyReused.class, store().append(draft(talk, ANN, "once", "other")));
        assertEquals(2, send(talk, ANN, "twice", "other").seq());
    }

    @Test
    void keys_of_different_senders_and_conversations_have_nothing_to_do_with_each_other() {
        var talk = newConversation();
        assertEquals(1, send(talk, ANN, "once", "from ann").seq());
        assertEquals(2, send(talk, BOB, "once", "from bob").seq());
        assertEquals(1, send(newConversation(), ANN, "once", "elsewhere").seq());
    }

    @Test
    void the_same_key_in_parallel_stores_one_message() throws Exception {
        var talk = newConversation();
        var outcomes = inParallel(WRITERS, writer -> store().append(draft(talk, ANN, "same", "hello")));
        assertEquals(1, outcomes.stream().filter(Stored.class::isInstance).count());
        assertEquals(
                WRITERS - 1,
                outcomes.stream().filter(AlreadyStored.class::isInstance).count());
        assertEquals(List.of(1L), seqs(store().after(talk, 0, 10)));
    }

    @Test
    void a_send_checked_against_older_members_is_not_stored() {
        var talk = newConversation();
        send(talk, ANN, "before", "hello");
        changeMembers(talk);
        assertInstanceOf(RosterChanged.class, store().append(draft(talk, ANN, "after", "hello")));
        assertEquals(List.of(1L), seqs(store().after(talk, 0, 10)));
        var again = store().append(new NewMessage(talk, VERSION + 1, ANN, "after", MessageBody.text("hello")));
        assertEquals(2, assertInstanceOf(Stored.class, again).message().seq());
    }

    @Test
    void a_repeat_is_recognized_also_after_members_changed() {
        var talk = newConversation();
        send(talk, ANN, "once", "hello");
        changeMembers(talk);
        assertInstanceOf(AlreadyStored.class, store().append(draft(talk, ANN, "once", "hello")));
    }

    @Test
    void a_conversation_that_does_not_exist_answers_as_one_whose_members_changed() {
        assertInstanceOf(
                RosterChanged.class, store().append(draft(new ConversationId(Long.MAX_VALUE), ANN, "key", "hello")));
    }

    @Test
    void refused_messages_do_not_fail_their_neighbours() throws Exception {
        var good = newConversation();
        var changed = newConversation();
        changeMembers(changed);
        send(good, ANN, "used", "first");
        var outcomes = inParallel(
                WRITERS * 3,
                writer -> store().append(
                                switch (writer % 3) {
                                    case 0 -> draft(good, BOB, "good" + writer, "hello");
                                    case 1 -> draft(changed, BOB, "stale" + writer, "hello");
                                    default -> draft(good, ANN, "used", "other " + writer);
                                }));
        for (int writer = 0; writer < outcomes.size(); writer++) {
            var expected =
                    List.of(Stored.class, RosterChanged.class, KeyReused.class).get(writer % 3);
            assertInstanceOf(expected, outcomes.get(writer));
        }
        assertEquals(LongStream.rangeClosed(1, WRITERS + 1).boxed().toList(), seqs(store().after(good, 0, 200)));
    }

    @Test
    void a_message_the_store_cannot_keep_does_not_fail_its_neighbours() throws Exception {
        var talk = newConversation();
        var results = inParallel(WRITERS, writer -> {
            try {
                return store().append(draft(talk, ANN, "key" + writer, writer == 3 ? "nul \u0000" : "hello"))
                        instanceof Stored;
            } catch (StoreUnavailable e) {
                throw e;
            } catch (RuntimeException e) {
                return false;
            }
        });
        assertFalse(results.get(3));
        assertEquals(WRITERS - 1, results.stream().filter(stored -> stored).count());
    }

    @Test
    void times_never_go_back_when_the_clock_does() {
        var talk = newConversation();
        var first = send(talk, ANN, "first", "hello");
        clock.advance(Duration.ofMinutes(-5));
        var second = send(talk, ANN, "second", "hello");
        clock.advance(Duration.ofSeconds(301));
        var third = send(talk, ANN, "third", "hello");
        assertEquals(first.createdAt(), second.createdAt());
        assertEquals(clock.instant(), third.createdAt());
    }

    @Test
    void history_is_read_in_both_directions_without_overlap() {
        var talk = newConversation();
        for (int i = 1; i <= 7; i++) {
            send(talk, ANN, "key" + i, "text");
        }
        assertEquals(List.of(7L, 6L, 5L), seqs(store().before(talk, Long.MAX_VALUE, 3)));
        assertEquals(List.of(4L, 3L, 2L), seqs(store().before(talk, 5, 3)));
        assertEquals(List.of(1L), seqs(store().before(talk, 2, 3)));
        assertEquals(List.of(3L, 4L), seqs(store().after(talk, 2, 2)));
        assertEquals(List.of(), seqs(store().after(talk, 7, 2)));
        assertThrows(IllegalArgumentException.class, () -> store().after(talk, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> store().before(talk, 9, MessageStore.LIMIT_MAX + 1));
    }

    @Test
    void messages_are_found_by_name_and_others_are_left_out() {
        var talk = newConversation();
        var other = newConversation();
        for (int i = 1; i <= 4; i++) {
            send(talk, ANN, "key" + i, "text");
        }
        var newest = send(other, BOB, "key", "text");
        assertEquals(List.of(2L, 4L), seqs(store().findAll(talk, List.of(4L, 2L, 99L))));
        assertEquals(Optional.empty(), store().find(talk, 5));
        var empty = newConversation();
        var answer = store().newest(List.of(talk, other, empty));
        assertEquals(store().find(talk, 4).orElseThrow(), answer.get(talk));
        assertEquals(newest, answer.get(other));
        assertEquals(2, answer.size());
    }

    @Test
    void what_came_since_a_time_is_cut_out_of_history() {
        var talk = newConversation();
        for (int i = 1; i <= 450; i++) {
            send(talk, ANN, "key" + i, "text");
            clock.advance(Duration.ofSeconds(1));
        }
        var since = store().find(talk, 441).orElseThrow().createdAt();
        assertEquals(LongStream.rangeClosed(441, 450).boxed().toList(), seqs(store().since(talk, 1, since, 100)));
        assertEquals(List.of(449L, 450L), seqs(store().since(talk, 1, since, 2)));
        assertEquals(List.of(450L), seqs(store().since(talk, 450, since, 100)));
        assertEquals(
                LongStream.rangeClosed(1, 450).boxed().toList(), seqs(store().since(talk, 1, Instant.EPOCH, 10_001)));
        assertEquals(
                LongStream.rangeClosed(46, 450).boxed().toList(), seqs(store().since(talk, 1, Instant.EPOCH, 405)));
        assertEquals(List.of(), store().since(talk, 1, clock.instant(), 10));
    }

    @Test
    void conversations_with_messages_since_a_time_are_listed_by_id() {
        var quiet = newConversation();
        send(quiet, ANN, "key", "long ago");
        clock.advance(Duration.ofHours(1));
        var first = newConversation();
        newConversation();
        var second = newConversation();
        var since = clock.instant();
        send(second, ANN, "key", "hello");
        send(first, ANN, "key", "hello");
        assertEquals(List.of(first, second), store().activeSince(since, quiet, 10));
        assertEquals(List.of(second), store().activeSince(since, first, 10));
        assertEquals(List.of(first), store().activeSince(since, quiet, 1));
    }

    @Test
    void removal_takes_the_oldest_in_steps_and_leaves_the_others_their_seqs() {
        var talk = newConversation();
        var other = newConversation();
        send(other, ANN, "key", "stays");
        for (int i = 1; i <= 7; i++) {
            send(talk, ANN, "key" + i, "text " + i);
        }
        store().change(new MessageChange(talk, VERSION, 2, ANN, new MessageChange.Edit("other text", null, null)));
        store().change(new MessageChange(talk, VERSION, 2, BOB, new MessageChange.React("👍")));
        store().change(new MessageChange(talk, VERSION, 6, BOB, new MessageChange.React("👍")));
        assertEquals(2, store().removeBefore(talk, 6, 2));
        assertEquals(List.of(3L, 4L, 5L, 6L, 7L), seqs(store().after(talk, 0, 10)));
        assertEquals(3, store().removeBefore(talk, 6, 10));
        assertEquals(0, store().removeBefore(talk, 6, 10), "a repeat");
        assertEquals(List.of(6L, 7L), seqs(store().after(talk, 0, 10)));
        assertEquals(Optional.empty(), store().find(talk, 2));
        assertEquals(List.of(), store().versions(talk, 2));
        assertEquals(List.of(), store().reactions(talk, 2, null, 10));
        assertEquals(1, store().reactions(talk, 6, null, 10).size());
        assertEquals(
                List.of(), store().changedSince(List.of(talk), clock.instant().plusSeconds(9), 10));
        assertEquals(8, send(talk, ANN, "next", "goes on").seq());
        assertEquals(1, store().after(other, 0, 10).size());
        assertEquals(3, store().removeBefore(talk, Long.MAX_VALUE, 1_000));
        assertEquals(List.of(), store().before(talk, Long.MAX_VALUE, 10));
        assertEquals(Map.of(), store().newest(List.of(talk)));
        assertEquals(9, send(talk, ANN, "again", "goes on").seq(), "also where nothing is left");
    }

    @Test
    void removal_and_changes_at_once_leave_nothing_behind() throws Exception {
        var talk = newConversation();
        for (int i = 1; i <= 100; i++) {
            send(talk, ANN, "key" + i, "text " + i);
        }
        inParallel(4, writer -> {
            if (writer == 0) {
                while (store().removeBefore(talk, 101, 3) > 0) {
                    // until none is left
                }
                return writer;
            }
            for (long seq = writer; seq <= 100; seq += 3) {
                store().change(new MessageChange(
                        talk, VERSION, seq, ANN, new MessageChange.Edit("edited", null, null)));
                store().change(new MessageChange(talk, VERSION, seq, BOB, new MessageChange.React("👍")));
            }
            return writer;
        });
        for (long seq = 1; seq <= 100; seq++) {
            assertEquals(List.of(), store().versions(talk, seq));
            assertEquals(List.of(), store().reactions(talk, seq, null, 10));
        }
    }

    @Test
    void a_conversation_whose_old_message_changed_is_listed_too() {
        var before = newConversation();
        var quiet = newConversation();
        var old = send(quiet, ANN, "key", "long ago");
        clock.advance(Duration.ofHours(1));
        var since = clock.instant();
        assertEquals(List.of(), store().activeSince(since, before, 10));
        store().change(new MessageChange(quiet, VERSION, old.seq(), BOB, new MessageChange.React("👍")));
        assertEquals(List.of(quiet), store().activeSince(since, before, 10));
    }

    @Test
    void a_page_after_or_around_a_seq_that_nobody_reaches_is_answered_at_once() {
        var talk = newConversation();
        send(talk, ANN, "once", "hello");
        for (long far :
                new long[] {1_000_000, (1L << 31) * 5_000, 11_474_836_480_000L, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
            assertTimeoutPreemptively(PATIENCE, () -> {
                assertEquals(List.of(), store().after(talk, far, 10));
                assertEquals(List.of(), store().sentBy(ANN, talk, far, 10));
                assertEquals(List.of(1L), seqs(store().before(talk, far, 10)));
                assertEquals(Optional.empty(), store().find(talk, far));
            });
        }
    }

    @Test
    void readers_that_page_by_seq_miss_nothing_while_16_write_to_one_conversation() throws Exception {
        writeAndRead(List.of(newConversation()), 125);
    }

    @Test
    void readers_that_page_by_seq_miss_nothing_while_16_write_to_100_conversations() throws Exception {
        writeAndRead(LongStream.range(0, 100).mapToObj(i -> newConversation()).toList(), 125);
    }

    private void writeAndRead(List<ConversationId> talks, int messagesEach) throws Exception {
        var over = new AtomicBoolean();
        try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
            var reader = readers.submit(() -> readAllPages(talks, over));
            var second = readers.submit(() -> readAllPages(talks, over));
            var sent = inParallel(WRITERS, writer -> {
                var mine = new ArrayList<Message>();
                for (int i = 0; i < messagesEach; i++) {
                    var talk = talks.get((writer + i) % talks.size());
                    mine.add(send(talk, new UserId(2_000 + writer), "key" + i, writer + "/" + i));
                }
                return mine;
            });
            over.set(true);
            var expected = new HashSet<Message>();
            sent.forEach(expected::addAll);
            assertEquals(WRITERS * messagesEach, expected.size());
            for (var seen : List.of(reader.get(), second.get())) {
                var all = new HashSet<Message>();
                seen.forEach((talk, messages) -> {
                    assertEquals(
                            LongStream.rangeClosed(1, messages.size()).boxed().toList(), seqs(messages));
                    all.addAll(messages);
                });
                assertEquals(expected, all);
            }
        }
    }

    private Map<ConversationId, List<Message>> readAllPages(List<ConversationId> talks, AtomicBoolean over) {
        var seen = new HashMap<ConversationId, List<Message>>();
        boolean last;
        do {
            last = over.get();
            for (var talk : talks) {
                var sofar = seen.computeIfAbsent(talk, id -> new ArrayList<>());
                List<Message> page;
                do {
                    page = store().after(
                                    talk, sofar.isEmpty() ? 0 : sofar.getLast().seq(), 50);
                    sofar.addAll(page);
                } while (page.size() == 50);
            }
        } while (!last);
        return seen;
    }

    @FunctionalInterface
    private interface Work<T> {
        T run(int writer) throws Exception;
    }

    private static <T> List<T> inParallel(int writers, Work<T> work) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<T>>();
            for (int i = 0; i < writers; i++) {
                int writer = i;
                tasks.add(() -> work.run(writer));
            }
            var results = new ArrayList<T>();
            for (Future<T> result : executor.invokeAll(tasks)) {
                results.add(result.get());
            }
            return results;
        }
    }

    protected Message send(ConversationId talk, UserId sender, String key, String text) {
        var stored = assertInstanceOf(Stored.class, store().append(draft(talk, sender, key, text)));
        assertTrue(stored.reminder().value() > 0);
        return stored.message();
    }

    protected static NewMessage draft(ConversationId talk, UserId sender, String key, String text) {
        return new NewMessage(talk, VERSION, sender, key, MessageBody.text(text));
    }

    protected static List<Long> seqs(List<Message> messages) {
        return messages.stream().map(Message::seq).toList();
    }
}
