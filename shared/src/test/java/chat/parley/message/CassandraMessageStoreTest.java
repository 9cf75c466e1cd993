package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.MediaId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealCassandra;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CassandraMessageStoreTest extends CassandraStoreContract {
    private static Cassandra cassandra;

    @BeforeAll
    static void openNode() {
        cassandra = Cassandra.open(RealCassandra.shared().freshKeyspace());
    }

    @AfterAll
    static void closeNode() {
        cassandra.close();
    }

    @Override
    Cassandra cassandra() {
        return cassandra;
    }

    @Test
    void two_nodes_write_to_the_same_conversations_without_holes() {
        var talks = new ConversationId[] {newConversation(), newConversation(), newConversation()};
        try (var other = newStore()) {
            var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
            for (int i = 0; i < 600; i++) {
                var node = i % 2 == 0 ? store : other;
                var result = new CompletableFuture<AppendOutcome>();
                node.submit(draft(talks[i % 3], ANN, "key" + i, "hello"), result);
                pending.add(result);
            }
            pending.forEach(MessageStore::result);
        }
        for (var talk : talks) {
            assertEquals(LongStream.rangeClosed(1, 200).boxed().toList(), seqs(store.after(talk, 0, 201)));
        }
    }

    @Test
    void history_goes_on_over_the_border_of_a_partition() {
        var talk = newConversation();
        int count = CassandraHeads.BUCKET_SEQS + 100;
        for (int from = 1; from <= count; from += 200) {
            var keys = IntStream.range(from, Math.min(from + 200, count + 1))
                    .boxed()
                    .toList();
            // A busy machine may answer too late: then the same is sent again, as a client does.
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> areStored(talk, keys));
        }
        try (var other = newStore()) { // that knows nothing yet
            assertEquals(LongStream.rangeClosed(4_951, 5_050).boxed().toList(), seqs(other.after(talk, 4_950, 100)));
            assertEquals(5_050, seqs(other.before(talk, 5_051, 100)).getFirst());
            assertEquals(4_951, seqs(other.before(talk, 5_051, 100)).getLast());
            assertEquals(
                    count,
                    Objects.requireNonNull(other.newest(List.of(talk)).get(talk))
                            .seq());
            assertEquals(count, other.since(talk, 1, clock.instant(), 10_001).size());
            for (int old : new int[] {1, 4_999, 5_000, count}) {
                var again = other.append(draft(talk, ANN, "key" + old, "text"));
                assertEquals(
                        old,
                        assertInstanceOf(AppendOutcome.AlreadyStored.class, again)
                                .message()
                                .seq());
            }
            assertInstanceOf(AppendOutcome.KeyReused.class, other.append(draft(talk, ANN, "key7", "else")));
            clock.advance(Duration.ofSeconds(1));
            var edited = change(talk, 7, ANN, new MessageChange.Edit("edited", null, null));
            assertInstanceOf(MessageChangeOutcome.Changed.class, edited);
            assertEquals(
                    1, other.changedSince(List.of(talk), clock.instant(), 10).size());
            changeMembers(talk);
            assertInstanceOf(AppendOutcome.RosterChanged.class, other.append(draft(talk, ANN, "new", "text")));
        }
    }

    @Test
    void buckets_that_were_removed_long_ago_are_passed_over() {
        var talk = newConversation();
        int buckets = 70;
        for (int bucket = 0; bucket < buckets; bucket++) {
            cassandra
                    .session()
                    .execute("""
                    INSERT INTO message_log (conversation_id, bucket, last_seq, last_at, members_version)
                    VALUES (?, ?, ?, ?, ?)""", talk.value(), bucket, CassandraHeads.end(bucket), clock.instant(), VERSION);
        }
        var text = "hello";
        long first = send(talk, ANN, "a", text).seq();
        assertEquals(CassandraHeads.first(buckets), first);
        send(talk, ANN, "b", text);
        assertEquals(List.of(first + 1, first), seqs(store.before(talk, Long.MAX_VALUE, 10)));
        assertEquals(List.of(), store.before(talk, first, 10));
        assertEquals(2, store.since(talk, 1, clock.instant(), 10).size());
        clock.advance(Duration.ofSeconds(1));
        change(talk, first, ANN, new MessageChange.Edit("edited", null, null));
        assertEquals(1, store.changedSince(List.of(talk), clock.instant(), 10).size());
    }

    private boolean areStored(ConversationId talk, List<Integer> keys) {
        var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
        for (int key : keys) {
            var result = new CompletableFuture<AppendOutcome>();
            store.submit(draft(talk, ANN, "key" + key, "text"), result);
            pending.add(result);
        }
        try {
            pending.forEach(MessageStore::result);
            return true;
        } catch (StoreUnavailable e) {
            return false;
        }
    }

    @Test
    void keys_are_copied_also_when_nobody_waits_long_enough() {
        var talk = newConversation();
        int count = 3_000;
        var insert = cassandra.prepareRead("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, seq, created_at, body_hash)
                VALUES (?, 0, 1, ?, ?, 0, ?, ?, ?)""");
        for (long first = 1; first <= count; first += 200) {
            cassandra.executeAll(LongStream.range(first, first + 200)
                    .mapToObj(seq -> insert.bind(
                            talk.value(), ANN.value(), "key" + seq, seq, clock.instant(), ByteBuffer.wrap(new byte[] {1
                            })))
                    .toList());
        }
        var keys = new CassandraKeys(cassandra);
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreException(StoreUnavailable.class)
                .until(() -> Cassandra.within(Duration.ofMillis(20), () -> {
                    keys.copy(talk, 0);
                    return true;
                }));
        var copies =
                cassandra.prepareRead("SELECT count(*) FROM message_key WHERE conversation_id = ? ALLOW FILTERING");
        assertEquals(
                count,
                Objects.requireNonNull(
                                cassandra.execute(copies.bind(talk.value())).one())
                        .getLong(0));
    }

    @Test
    void who_only_asks_what_was_stored_before_waits_for_no_row_and_holds_up_nobody() {
        var rows = new RosterVersions() {
            @Override
            public OptionalLong of(ConversationId conversation) {
                return OptionalLong.of(VERSION);
            }

            @Override
            public void hold(ConversationId conversation, LongConsumer work) {
                throw new AssertionError("PostgreSQL need not be asked");
            }
        };
        var talk = new ConversationId(IDS.incrementAndGet());
        try (var node = new CassandraMessageStore(cassandra, rows, clock, new SimpleMeterRegistry())) {
            node.append(draft(talk, ANN, "a", "hello"));
            assertInstanceOf(AppendOutcome.AlreadyStored.class, node.append(asking(talk, "a")));
            assertInstanceOf(AppendOutcome.RosterChanged.class, node.append(asking(talk, "b")));
        }
    }

    private static NewMessage asking(ConversationId talk, String key) {
        return new NewMessage(talk, -1, ANN, key, MessageBody.text("hello"));
    }

    @Test
    void a_change_of_members_learns_after_which_message_it_happened() {
        var talk = newConversation();
        assertEquals(0, store.moveMembers(talk, VERSION + 1, 0));
        send(talk, ANN, "a", "hello"); // PostgreSQL still says VERSION: that change was rolled back
        assertEquals(1, store.moveMembers(talk, VERSION + 1, 0));
        assertEquals(1, store.moveMembers(talk, VERSION + 1, 0), "a repeat");
        send(talk, ANN, "b", "hello");
    }

    @Test
    void a_change_of_members_that_lost_its_lock_does_not_undo_a_later_one() {
        var talk = newConversation();
        send(talk, ANN, "a", "hello");
        changeMembers(talk);
        changeMembers(talk);
        assertThrows(StoreUnavailable.class, () -> store.moveMembers(talk, VERSION + 1, 0));
        assertInstanceOf(
                AppendOutcome.Stored.class,
                store.append(new NewMessage(talk, VERSION + 2, ANN, "b", MessageBody.text("hello"))));
    }

    @Test
    void a_fence_that_failed_changes_left_far_ahead_is_set_right_without_a_send() {
        var talk = newConversation();
        send(talk, ANN, "a", "hello");
        store.moveMembers(talk, VERSION + 5, 0);
        assertThrows(StoreUnavailable.class, () -> store.moveMembers(talk, VERSION + 1, 0));
        Awaitility.await().ignoreExceptions().until(() -> store.moveMembers(talk, VERSION + 1, 0) == 1);
    }

    @Test
    void what_cannot_be_noted_is_left_to_the_relay_after_a_minute() {
        var isAway = new AtomicBoolean(true);
        var meters = new SimpleMeterRegistry();
        var rows = new RosterVersions() {
            @Override
            public OptionalLong of(ConversationId conversation) {
                return OptionalLong.of(VERSION);
            }

            @Override
            public void hold(ConversationId conversation, LongConsumer work) {
                work.accept(VERSION);
            }

            @Override
            public Set<ConversationId> note(Collection<Moved> news) {
                if (isAway.get()) {
                    throw new StoreUnavailable("postgres", new IllegalStateException("a test says so"));
                }
                return Set.of();
            }
        };
        try (var node = new CassandraMessageStore(cassandra, rows, clock, meters)) {
            node.append(draft(new ConversationId(IDS.incrementAndGet()), ANN, "a", "hello"));
            assertEquals(1, meters.get("parley.cassandra.intents").gauge().value());
            clock.advance(Duration.ofMinutes(2));
            Awaitility.await()
                    .until(() -> meters.get("parley.cassandra.intents").gauge().value() == 0);
            isAway.set(false);
        }
    }

    @Test
    void whatever_ends_the_thread_of_a_conversation_its_senders_are_answered() {
        var isBroken = new AtomicBoolean(true);
        var rows = new RosterVersions() {
            @Override
            public OptionalLong of(ConversationId conversation) {
                if (isBroken.get()) {
                    throw new LinkageError("a test says so");
                }
                return OptionalLong.of(VERSION);
            }

            @Override
            public void hold(ConversationId conversation, LongConsumer work) {
                throw new AssertionError("nothing is there yet");
            }
        };
        var talk = new ConversationId(IDS.incrementAndGet());
        try (var node = new CassandraMessageStore(cassandra, rows, clock, new SimpleMeterRegistry())) {
            var lost = new CompletableFuture<AppendOutcome>();
            node.submit(draft(talk, ANN, "a", "hello"), lost);
            assertThrows(StoreUnavailable.class, () -> MessageStore.result(lost));
            isBroken.set(false);
            assertInstanceOf(AppendOutcome.Stored.class, node.append(draft(talk, ANN, "a", "hello")));
        }
    }

    @Test
    void what_messages_carry_is_noted_where_uploads_are() {
        var talk = newConversation();
        var media = upload();
        send(talk, "a", media);
        assertEquals(List.of(1L), uses(media));
        assertTrue(isKept(media));
        postgres.with(db -> db.execute("DELETE FROM media_use WHERE media_id = ?", media.value()));
        assertTrue(store.complete(talk, clock.instant().minusSeconds(6)));
        assertEquals(List.of(1L), uses(media), "by a relay, for a process that died before");
        postgres.with(db -> db.execute("DELETE FROM media_use WHERE media_id = ?", media.value()));
        send(talk, "a", media);
        assertEquals(List.of(1L), uses(media), "by a repeat");
        send(talk, "b", media);
        change(talk, 1, ANN, new MessageChange.Delete());
        assertEquals(List.of(2L), uses(media));
        assertTrue(store.complete(talk, clock.instant().minusSeconds(6)));
        assertEquals(List.of(2L), uses(media), "deleted stays deleted");
        assertTrue(isKept(media));
        assertEquals(2, store.erase(talk, ANN, clock.instant(), 10));
        assertEquals(List.of(), uses(media));
        assertFalse(isKept(media));
        send(talk, "c", media);
        assertTrue(isKept(media));
        assertEquals(3, store.removeBefore(talk, 4, 10));
        assertEquals(List.of(), uses(media));
        assertFalse(isKept(media));
    }

    @Test
    void a_message_whose_files_cannot_be_noted_is_not_acknowledged_and_a_repeat_is() {
        var talk = newConversation();
        var media = upload();
        var isAway = new AtomicBoolean(true);
        var uploads = new PostgresRosterVersions(postgres);
        var rows = new RosterVersions() {
            @Override
            public OptionalLong of(ConversationId conversation) {
                return uploads.of(conversation);
            }

            @Override
            public void hold(ConversationId conversation, LongConsumer work) {
                uploads.hold(conversation, work);
            }

            @Override
            public void carry(ConversationId conversation, Map<Long, String> details) {
                if (isAway.get()) {
                    throw new StoreUnavailable("postgres", new IllegalStateException("a test says so"));
                }
                uploads.carry(conversation, details);
            }
        };
        try (var node = new CassandraMessageStore(cassandra, rows, clock, new SimpleMeterRegistry())) {
            assertThrows(StoreUnavailable.class, () -> node.append(picture(talk, "a", media)));
            assertThrows(StoreUnavailable.class, () -> node.append(picture(talk, "a", media)));
            node.append(draft(talk, ANN, "words", "need no row"));
            isAway.set(false);
            assertInstanceOf(AppendOutcome.AlreadyStored.class, node.append(picture(talk, "a", media)));
            assertEquals(List.of(1L), uses(media));
        }
    }

    private void send(ConversationId talk, String key, MediaId media) {
        store.append(picture(talk, key, media));
    }

    private static NewMessage picture(ConversationId talk, String key, MediaId media) {
        var json = "[{\"id\":\"" + media + "\"}]";
        return new NewMessage(
                talk,
                VERSION,
                ANN,
                key,
                new MessageBody(MessageBody.Type.IMAGE, null, json, null, List.of(), null, null));
    }

    private static MediaId upload() {
        var media = new MediaId(IDS.incrementAndGet());
        postgres.with(db -> db.execute("""
                INSERT INTO media (id, owner_id, state, type, bytes, sha256, created_at, remove_after)
                VALUES (?, ?, 'ready', 'image/png', 1, '', now(), now() + interval '1 day')""", media.value(), ANN.value()));
        return media;
    }

    private static List<Long> uses(MediaId media) {
        return postgres.with(db -> db.createQuery("SELECT seq FROM media_use WHERE media_id = ? ORDER BY seq")
                .bind(0, media.value())
                .mapTo(Long.class)
                .list());
    }

    private static boolean isKept(MediaId media) {
        return postgres.with(db -> db.createQuery("SELECT remove_after IS NULL FROM media WHERE id = ?")
                .bind(0, media.value())
                .mapTo(Boolean.class)
                .one());
    }

    @Test
    void what_is_not_published_stays_remembered() {
        var intents = new CassandraIntents(cassandra, new PostgresRosterVersions(postgres), clock);
        var talk = newConversation();
        long first = intents.begin(talk);
        assertEquals(first, intents.begin(talk), "one row for what comes close together");
        intents.ended(first, 1, false);
        intents.ended(first, 1, false);
        clock.advance(Duration.ofSeconds(20));
        intents.done(List.of(first));
        intents.sweep();
        assertEquals(1, rows(intents, talk), "one of two");
        intents.done(List.of(first));
        intents.sweep();
        Awaitility.await().untilAsserted(() -> assertEquals(0, rows(intents, talk)));
        long unknown = intents.begin(talk);
        intents.ended(unknown, 0, true);
        clock.advance(Duration.ofSeconds(20));
        intents.sweep();
        assertEquals(1, rows(intents, talk));
    }

    @Test
    void as_many_batches_that_fail_at_once_as_there_may_be_keep_none_waiting() throws Exception {
        var areSubmitted = new CountDownLatch(1);
        var areFailing = new CountDownLatch(2 * CassandraAppends.UNDER_WAY_MAX);
        var rows = new RosterVersions() {
            @Override
            public OptionalLong of(ConversationId conversation) {
                try {
                    areSubmitted.await();
                    areFailing.countDown();
                    if (areFailing.getCount() < CassandraAppends.UNDER_WAY_MAX) {
                        areFailing.await(); // the second batch of each, of two messages
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new IllegalStateException("a test says so");
            }

            @Override
            public void hold(ConversationId conversation, LongConsumer work) {
                throw new AssertionError("nothing is there yet");
            }
        };
        try (var node = new CassandraMessageStore(cassandra, rows, clock, new SimpleMeterRegistry())) {
            var results = new ArrayList<CompletableFuture<AppendOutcome>>();
            for (int i = 0; i < CassandraAppends.UNDER_WAY_MAX; i++) {
                var talk = new ConversationId(IDS.incrementAndGet());
                for (int key = 1; key <= 3; key++) {
                    var result = new CompletableFuture<AppendOutcome>();
                    node.submit(draft(talk, ANN, "key" + key, "text"), result);
                    results.add(result);
                }
            }
            areSubmitted.countDown();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> results.stream().allMatch(CompletableFuture::isCompletedExceptionally));
        }
    }

    @Test
    void a_node_that_failed_for_a_reason_of_its_own_may_have_stored_what_it_was_asked_to() {
        var node =
                cassandra.session().getMetadata().getNodes().values().iterator().next();
        assertInstanceOf(StoreUnavailable.class, Cassandra.explained(new ServerError(node, "a test says so")));
    }

    private long rows(CassandraIntents intents, ConversationId talk) {
        return intents.overdue(clock.instant(), 1_000).stream()
                .filter(row -> row.conversation().equals(talk))
                .count();
    }
}
