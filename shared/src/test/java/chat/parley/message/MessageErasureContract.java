package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChangeOutcome.Changed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** The promises of {@link MessageStore} about people who are erased. */
abstract class MessageErasureContract extends MessageChangeContract {
    @Test
    void what_an_erased_person_said_keeps_its_place_and_says_nothing() {
        var talk = newConversation();
        var other = newConversation();
        send(talk, ANN, "key", "one");
        send(talk, BOB, "key", "two");
        var answer = new MessageBody(MessageBody.Type.TEXT, "three", null, 2L, List.of(BOB), "{\"a\":1}", null);
        store().append(new NewMessage(talk, VERSION, ANN, "answer", answer));
        send(other, ANN, "key", "elsewhere");
        done(talk, 1, ANN, new Edit("more", null, null));
        done(talk, 1, BOB, new React("a"));
        var before = store().find(talk, 2).orElseThrow();

        assertEquals(2, erase(talk, ANN, 10));
        assertEquals(0, erase(talk, ANN, 10), "found by looking what is left");
        for (var gone : store().sentBy(ANN, talk, 0, 10)) {
            assertTrue(gone.isDeleted());
            assertNull(gone.body().text());
            assertNull(gone.body().metadata());
            assertNull(gone.state().reactions());
            assertEquals(List.of(), gone.body().mentions());
            assertFalse(List.of("key", "answer").contains(gone.clientMessageId()), "the sender's own name for it");
            assertEquals(List.of(), store().versions(talk, gone.seq()));
            assertEquals(List.of(), store().reactions(talk, gone.seq(), null, 10));
        }
        assertEquals(2L, store().find(talk, 3).orElseThrow().body().replyTo());
        assertEquals(4, store().find(talk, 1).orElseThrow().state().version());
        assertEquals(before, store().find(talk, 2).orElseThrow());
        assertEquals("elsewhere", store().find(other, 1).orElseThrow().body().text());
    }

    @Test
    void what_they_had_deleted_themselves_loses_its_name_too() {
        var talk = newConversation();
        send(talk, ANN, "a secret name", "one");
        var deleted = done(talk, 1, ANN, new Delete()).message();
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, erase(talk, ANN, 10));
        var erased = store().find(talk, 1).orElseThrow();
        assertNotEquals("a secret name", erased.clientMessageId());
        assertEquals(deleted.state().deletedAt(), erased.state().deletedAt());
        assertEquals(deleted.state().version() + 1, erased.state().version());
    }

    @Test
    void reactions_to_messages_of_others_are_taken_back_and_counted_anew() {
        var talk = newConversation();
        send(talk, BOB, "key", "one");
        done(talk, 1, ANN, new React("a"));
        done(talk, 1, BOB, new React("a"));
        done(talk, 1, ANN, new React("b"));
        done(talk, 1, BOB, new React("c"));
        assertEquals(List.of("a", "b"), reactions(talk, ANN));
        assertEquals(1, erase(talk, ANN, 10));
        var message = store().find(talk, 1).orElseThrow();
        assertEquals("{\"a\":1,\"c\":1}", message.state().reactions());
        assertEquals(6, message.state().version());
        assertEquals("one", message.body().text());
        assertEquals(List.of(), reactions(talk, ANN));
        assertEquals(List.of("a", "c"), reactions(talk, BOB));
    }

    /** Read page by page. */
    private List<String> reactions(ConversationId talk, UserId person) {
        var emoji = new ArrayList<String>();
        OwnReaction last = null;
        List<OwnReaction> page;
        do {
            page = store().reactionsOf(person, last, 1);
            for (var reaction : page) {
                last = reaction;
                if (reaction.conversation().equals(talk)) {
                    emoji.add(reaction.emoji());
                }
            }
        } while (!page.isEmpty());
        return emoji;
    }

    @Test
    void a_step_is_no_longer_than_it_was_asked_to_be_and_all_its_changes_are_told_to_rebuilt_streams() {
        var talk = newConversation();
        for (int i = 1; i <= 7; i++) {
            send(talk, i % 2 == 0 ? BOB : ANN, "key" + i, "text");
        }
        clock.advance(Duration.ofSeconds(10));
        var since = clock.instant();
        assertEquals(3, erase(talk, ANN, 3));
        clock.advance(Duration.ofSeconds(-5));
        assertEquals(1, erase(talk, ANN, 3));
        var changed = store().changedSince(List.of(talk), since, 100);
        assertEquals(4, changed.size(), "also when the clock went back");
        assertFalse(changed.getLast().at().isAfter(since.plusSeconds(1)), "times do not run ahead");
    }

    @Test
    void nothing_is_earlier_than_the_wish_to_be_erased_whatever_this_clock_says() {
        var talk = newConversation();
        send(talk, ANN, "key", "text");
        var asked = clock.instant().plusSeconds(3);
        store().erase(talk, ANN, asked, 10);
        assertEquals(asked, store().find(talk, 1).orElseThrow().state().changedAt());
    }

    @Test
    void erasing_twice_at_once_beside_other_changes_comes_to_the_same() throws Exception {
        var talk = newConversation();
        for (int i = 1; i <= 40; i++) {
            send(talk, i % 2 == 0 ? BOB : ANN, "key" + i, "text");
        }
        var work = new ArrayList<Callable<Object>>();
        for (int i = 1; i <= 40; i++) {
            long seq = i;
            work.add(() -> change(talk, seq, ANN, new React("a")));
            work.add(() -> change(talk, seq, BOB, new React("a")));
            work.add(() -> erase(talk, ANN, 5));
        }
        try (var threads = Executors.newFixedThreadPool(6)) {
            for (var each : threads.invokeAll(work)) {
                each.get();
            }
        }
        while (erase(talk, ANN, 5) > 0) {
            assertTrue(store().sentBy(ANN, talk, 0, 100).size() <= 20);
        }
        for (var message : store().after(talk, 0, 100)) {
            boolean isAnns = message.sender().equals(ANN);
            assertEquals(isAnns, message.isDeleted());
            assertEquals(isAnns ? null : "{\"a\":1}", message.state().reactions());
        }
    }

    private int erase(ConversationId talk, UserId person, int limit) {
        return store().erase(talk, person, clock.instant().minusSeconds(60), limit);
    }

    private Changed done(ConversationId talk, long seq, UserId actor, MessageChange.Action action) {
        return assertInstanceOf(Changed.class, change(talk, seq, actor, action));
    }
}
