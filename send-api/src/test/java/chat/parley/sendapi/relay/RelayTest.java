package chat.parley.sendapi.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.ChangeOutcome;
import chat.parley.conversation.SettingsChange;
import chat.parley.conversation.SettingsChanges;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageChange;
import chat.parley.message.MessageHeads;
import chat.parley.message.MessageStore;
import chat.parley.message.PostgresMessageStore;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import chat.parley.receipt.NewMarks;
import chat.parley.receipt.Receipts;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class RelayTest extends RelayFixture {
    @Override
    MessageStore newStore() {
        return new PostgresMessageStore(postgres, outbox, clock, meters);
    }

    @Test
    void what_was_committed_and_not_published_is_published_once_and_pushes_are_queued() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        store(talk, 1, 3);
        parts.relay().pass();
        assertEquals(0, entries(parts, BOB), "it may still be under way");
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(3, entries(parts, BOB));
        assertEquals(3, entries(parts, ANN));
        assertEquals(0, rows());
        assertEquals(3, pushJobs(parts));
        parts.relay().pass();
        assertEquals(3, entries(parts, BOB));
    }

    @Test
    void what_was_published_and_not_noted_is_not_published_twice() {
        var talk = newConversation();
        outbox.noteRedisTag(parts.events().tag());
        store(talk, 1, 2);
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        for (int seq = 1; seq <= 2; seq++) {
            long subject = seq;
            postgres.inTransaction(
                    db -> Outbox.add(db, talk, OutboxKind.MESSAGE_CREATED, subject, ANN, clock.instant()));
        }
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(2, entries(parts, BOB));
        assertEquals(0, rows());
    }

    @Test
    void a_backlog_is_drained_in_the_order_of_each_conversation() throws Exception {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        store(talk, 1, 150);
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        try (var redis = REDIS.jedis()) {
            var keys = redis.xrange(RedisKeys.stream(BOB), "-", "+").stream()
                    .map(entry ->
                            List.copyOf(entry.getFields().values()).getFirst().split("[ \\n]", -1)[2])
                    .toList();
            assertEquals(
                    IntStream.rangeClosed(1, 150)
                            .mapToObj(seq -> "m:" + talk + ":" + seq + ":1")
                            .toList(),
                    keys);
        }
        assertEquals(0, rows());
    }

    @Test
    void with_redis_away_rows_wait_and_all_is_told_when_it_is_back() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE);
                var ownParts = parts(URI.create(own.server().uri()))) {
            var talk = newConversation();
            own.server().kill();
            store(talk, 1, 5);
            clock.advance(Duration.ofSeconds(3));
            assertThrows(StoreUnavailable.class, ownParts.relay()::pass);
            assertEquals(5, rows());
            own.server().restart();
            Awaitility.await().ignoreExceptions().untilAsserted(() -> {
                ownParts.relay().pass();
                assertEquals(0, rows());
            });
            assertEquals(5, entries(ownParts, BOB));
        }
    }

    @Test
    void a_redis_that_lost_everything_is_offered_the_last_minutes_again() {
        var old = newConversation();
        store(old, 1, 1);
        clock.advance(Duration.ofMinutes(20));
        var talk = newConversation();
        store(talk, 1, 4);
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        REDIS.flushAll();
        parts.relay().pass();
        assertEquals(4, entries(parts, BOB));
        assertEquals(4, pushJobs(parts));
        parts.relay().pass();
        assertEquals(4, entries(parts, BOB));
    }

    @Test
    void a_row_that_refers_to_nothing_is_set_aside_and_the_rest_goes_on() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        postgres.inTransaction(db -> Outbox.add(db, talk, OutboxKind.MESSAGE_CREATED, 99, ANN, clock.instant()));
        store(talk, 1, 2);
        clock.advance(Duration.ofSeconds(3));
        for (int i = 0; i < 6; i++) {
            parts.relay().pass();
            assertEquals(2, entries(parts, BOB));
        }
        assertEquals(1, meters.get("parley.outbox.set.aside.rows").gauge().value());
        assertEquals(0, outbox.overdue(clock.instant(), 0, 10).size());
    }

    @Test
    void however_many_rows_have_to_wait_those_behind_them_do_not() {
        outbox.noteRedisTag(parts.events().tag());
        var broken = newConversation();
        var none = LongStream.rangeClosed(1, 600).boxed().toList();
        postgres.inTransaction(db -> Outbox.addAll(db, broken, OutboxKind.MESSAGE_CHANGED, none, ANN, clock.instant()));
        var talk = newConversation();
        store(talk, 1, 2);
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(2, entries(parts, BOB));
    }

    @Test
    void changes_of_conversations_and_members_are_told_as_well() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        for (var kind : OutboxKind.values()) {
            if (kind != OutboxKind.MESSAGE_CREATED && kind != OutboxKind.MESSAGE_CHANGED) {
                postgres.inTransaction(db -> Outbox.add(db, talk, kind, BOB.value(), ANN, clock.instant()));
            }
        }
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(6, entries(parts, BOB));
        assertEquals(0, rows());
        assertEquals(0, pushJobs(parts));
    }

    @Test
    void marks_that_moved_before_a_crash_are_told_as_they_stand_once_and_wake_nobody() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        store(talk, 1, 5);
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(5, entries(parts, ANN));
        long pushed = pushJobs(parts);
        try (var receipts = new Receipts(postgres, MessageHeads.IN_ROWS, clock, meters, advance -> {})) {
            receipts.move(List.of(new NewMarks(talk, BOB, 0, 2)));
            receipts.move(List.of(new NewMarks(talk, BOB, 3, 5)));
        }
        assertEquals(2, rows());
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(0, rows());
        String bobs = "a:" + talk + ":" + BOB + ":";
        assertEquals(List.of(bobs + ":5", bobs + "3:"), keys(parts, ANN).subList(5, 7));
        assertEquals(keys(parts, ANN), keys(parts, BOB));
        assertEquals(pushed, pushJobs(parts));
    }

    @Test
    void a_changed_message_is_told_as_it_stands_and_wakes_nobody() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        store(talk, 1, 1);
        parts.relay().pass();
        var edit = new MessageChange.Edit("better", null, null);
        messages.change(new MessageChange(talk, 1, 1, ANN, edit));
        messages.change(new MessageChange(talk, 1, 1, BOB, new MessageChange.React("👍")));
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        var told = parts.events()
                .read(
                        BOB,
                        parts.events().head(BOB, parts.events().tag()),
                        parts.events().tag(),
                        10)
                .toString();
        assertEquals(0, rows());
        // The message itself, as it stands, and once: edit and reaction are one version that both rows tell of.
        assertEquals(1, entries(parts, BOB), told);
        assertEquals(0, pushJobs(parts) - 1, "the message itself wakes, its changes do not");
    }

    @Test
    void nodes_take_turns() throws Exception {
        var entered = new CompletableFuture<Void>();
        var leave = new CompletableFuture<Void>();
        var first = CompletableFuture.supplyAsync(() -> outbox.alone(() -> {
            entered.complete(null);
            leave.join();
        }));
        entered.join();
        assertEquals(false, outbox.alone(() -> {
            throw new AssertionError("the other is at it");
        }));
        leave.complete(null);
        assertTrue(first.get());
        assertTrue(outbox.alone(() -> {}));
    }

    @Test
    void a_notice_that_its_request_left_behind_becomes_one_message_however_often_it_is_done() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        postgres.with(db -> db.execute("UPDATE member SET role = 'admin' WHERE user_id = ?", ANN.value()));
        var settings = new SettingsChanges(postgres, MessageHeads.IN_ROWS, clock);
        var changed =
                assertInstanceOf(ChangeOutcome.Updated.class, settings.set(talk, ANN, SettingsChange.name("Better")));
        clock.advance(Duration.ofSeconds(3));
        parts.relay().pass();
        assertEquals(1, messages.after(talk, 0, 10).size());
        var notice = messages.after(talk, 0, 10).getFirst();
        assertEquals(MessageBody.Type.SYSTEM, notice.body().type());
        assertEquals(
                "{\"event\":\"conversation.renamed\",\"name\":\"Better\"}",
                notice.body().system());
        assertEquals(ANN, notice.sender());
        assertEquals(2, entries(parts, BOB), "the conversation's change, and the message");
        assertEquals(0, pushJobs(parts), "a notice wakes nobody");
        Awaitility.await().until(() -> rows() == 0);

        // What a node leaves behind that is killed between the message and the end of the notice.
        var at = changed.at().atOffset(ZoneOffset.UTC);
        postgres.with(db -> db.execute(
                "INSERT INTO notice VALUES (?, ?, ?, ?)",
                talk.value(),
                at,
                ANN.value(),
                notice.body().system()));
        postgres.with(db -> Outbox.add(db, talk, OutboxKind.NOTICE_DUE, ANN.value(), ANN, changed.at()));
        parts.relay().pass();
        assertEquals(1, messages.after(talk, 0, 10).size());
        Awaitility.await().until(() -> rows() == 0);
        assertEquals(
                0,
                postgres.<Integer, RuntimeException>with(db -> db.createQuery("SELECT count(*) FROM notice")
                        .mapTo(Integer.class)
                        .one()));
    }
}
