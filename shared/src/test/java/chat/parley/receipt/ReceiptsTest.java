package chat.parley.receipt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.outbox.OutboxKind;
import chat.parley.receipt.MarkOutcome.BeyondLast;
import chat.parley.receipt.MarkOutcome.NotFound;
import chat.parley.receipt.Receipts.Counts;
import chat.parley.receipt.Receipts.Subject;
import chat.parley.receipt.UnreadCounts.Unread;
import chat.parley.testkit.RealPostgres;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReceiptsTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private ReceiptWorld world;
    private UnreadCounts unread;
    private UserId ann;
    private UserId bob;
    private ConversationId talk;

    @BeforeEach
    void open() {
        world = new ReceiptWorld(POSTGRES, 10);
        unread = new UnreadCounts(world.postgres);
        ann = world.person();
        bob = world.person();
        talk = world.group(ann, bob);
        for (int i = 0; i < 10; i++) {
            world.send(talk, ann);
        }
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void marks_move_forward_only_and_reading_implies_receiving() {
        assertEquals(world.stand(0, 4), world.move(talk, bob, 0, 4));
        assertEquals(world.stand(3, 4), world.move(talk, bob, 3, 0));
        assertEquals(world.stand(3, 4), world.move(talk, bob, 2, 1));
        assertEquals(world.stand(7, 7), world.move(talk, bob, 7, 0));
        assertEquals(world.stand(7, 7), world.move(talk, bob, 7, 7));
        assertEquals(new Marks(7, 7), world.marks(talk, bob));
        assertEquals(
                List.of(new Marks(0, 4), new Marks(3, 4), new Marks(7, 7)),
                world.advances.stream().map(Advance::now).toList());
        assertEquals(
                3,
                world.number("SELECT count(*) FROM outbox WHERE kind = " + OutboxKind.MARKS_ADVANCED.number()
                        + " AND subject = " + bob.value()));
    }

    @Test
    void what_is_beyond_the_last_message_changes_nothing() {
        assertInstanceOf(BeyondLast.class, world.move(talk, bob, 11, 0));
        assertInstanceOf(BeyondLast.class, world.move(talk, bob, 3, 11));
        assertEquals(new Marks(0, 0), world.marks(talk, bob));
        assertTrue(world.advances.isEmpty());
    }

    @Test
    void who_is_no_member_or_no_longer_finds_nothing() {
        var eve = world.person();
        assertInstanceOf(NotFound.class, world.move(talk, eve, 1, 0));
        assertInstanceOf(NotFound.class, world.move(new ConversationId(77), bob, 1, 0));
        world.changes.remove(talk, ann, bob);
        assertInstanceOf(NotFound.class, world.move(talk, bob, 1, 0));
        assertTrue(world.advances.isEmpty());
    }

    @Test
    void each_of_many_has_its_own_outcome() {
        var other = world.group(bob);
        world.send(other, bob);
        var outcomes = world.receipts.move(List.of(
                new NewMarks(talk, bob, 2, 5),
                new NewMarks(new ConversationId(77), bob, 1, 1),
                new NewMarks(talk, bob, 4, 0),
                new NewMarks(talk, bob, 99, 0),
                new NewMarks(other, bob, 1, 0)));
        assertEquals(
                List.of(NotFound.class, BeyondLast.class),
                List.of(outcomes.get(1).getClass(), outcomes.get(3).getClass()));
        assertEquals(new Marks(4, 5), world.marks(talk, bob));
        assertEquals(world.stand(1, 1), outcomes.get(4));
    }

    @Test
    void who_sends_has_read_and_nothing_is_told_of_it() {
        assertEquals(new Marks(10, 10), world.marks(talk, ann));
        world.send(talk, bob);
        assertEquals(new Marks(11, 11), world.marks(talk, bob));
        assertEquals(new Unread(1, 1), unread.of(ann));
        assertEquals(new Unread(0, 0), unread.of(bob));
        assertTrue(world.advances.isEmpty());
    }

    @Test
    void who_joins_has_nothing_unread_and_who_comes_back_does_not_go_back() {
        var carol = world.person();
        world.join(talk, ann, carol);
        assertEquals(new Marks(10, 10), world.marks(talk, carol));
        world.send(talk, ann);
        world.send(talk, ann);
        assertEquals(new Unread(2, 1), unread.of(carol));
        assertEquals(world.stand(10, 10), world.move(talk, carol, 3, 4), "before joining: no effect");
        world.changes.remove(talk, ann, carol);
        assertEquals(new Unread(0, 0), unread.of(carol));
        world.send(talk, ann);
        world.join(talk, ann, carol);
        assertEquals(new Marks(13, 13), world.marks(talk, carol));
        assertEquals(new Unread(0, 0), unread.of(carol));
    }

    @Test
    void who_has_a_message_is_told_from_marks() {
        var carol = world.person();
        var late = world.person();
        world.join(talk, ann, carol);
        long seq = world.send(talk, ann);
        world.join(talk, ann, late);
        var message = new Subject(talk, seq, ann);
        assertEquals(new Counts(2, 0, 0), world.receipts.counts(message));
        world.move(talk, bob, seq, 0);
        world.move(talk, carol, 0, seq);
        assertEquals(new Counts(2, 1, 2), world.receipts.counts(message));
        var first = world.receipts.receivers(message, null, 1);
        assertEquals(bob, first.getFirst().position().user());
        var second = world.receipts.receivers(message, first.getFirst().position(), 5);
        assertEquals(
                List.of(carol),
                second.stream().map(receiver -> receiver.position().user()).toList());
        assertEquals(new Marks(seq - 1, seq), second.getFirst().marks());
    }

    @Test
    void what_comes_in_while_a_commit_runs_is_committed_together() throws Exception {
        int many = 200;
        var people = LongStream.range(0, many).mapToObj(i -> world.person()).toArray(UserId[]::new);
        var crowd = world.group(ann, people);
        world.send(crowd, ann);
        // All connections but none for the writer: its next commit waits, as it would for a slow disk.
        var taken = new ArrayList<Connection>();
        var results = new ArrayList<CompletableFuture<MarkOutcome>>();
        for (int i = 0; i < 10; i++) {
            taken.add(world.postgres.dataSource().getConnection());
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            results.add(CompletableFuture.supplyAsync(() -> world.move(crowd, people[0], 1, 0), threads));
            Awaitility.await()
                    .until(() -> world.meters.summary("parley.marks.batch").count() == 1);
            for (int i = 1; i < many; i++) {
                var person = people[i];
                results.add(CompletableFuture.supplyAsync(() -> world.move(crowd, person, 1, 0), threads));
            }
            Awaitility.await()
                    .until(() ->
                            world.meters.get("parley.marks.waiting").gauge().value() == many - 1);
            for (var connection : taken) {
                connection.close();
            }
            results.forEach(result -> assertEquals(world.stand(1, 1), result.join()));
        }
        assertEquals(
                2,
                world.number("SELECT count(DISTINCT xmin::text) FROM member WHERE read_seq = 1 AND role = 'member'"
                        + " AND conversation_id = " + crowd.value()));
        assertEquals(many, world.advances.size());
    }

    @Test
    void a_row_that_another_transaction_holds_holds_up_nobody_else() throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            try (var statement = connection.createStatement()) {
                statement.execute("SELECT 1 FROM member WHERE conversation_id = " + talk.value() + " AND user_id = "
                        + bob.value() + " FOR UPDATE");
            }
            var held = CompletableFuture.supplyAsync(() -> world.move(talk, bob, 5, 0));
            Awaitility.await()
                    .until(() -> world.meters.summary("parley.marks.batch").count() > 1);
            var carol = world.person();
            world.join(talk, ann, carol);
            world.send(talk, ann);
            assertEquals(world.stand(11, 11), world.move(talk, carol, 11, 0));
            assertEquals(false, held.isDone());
            connection.commit();
            assertEquals(world.stand(5, 5), held.join());
        }
        assertEquals(new Marks(5, 5), world.marks(talk, bob));
    }

    @Test
    void a_rebuilt_stream_is_told_the_marks_that_moved_since() {
        var since = world.clock.instant();
        world.clock.advance(Duration.ofSeconds(5));
        assertEquals(
                List.of(), world.conversations.since(ann, world.clock.instant()).marks());
        world.move(talk, bob, 3, 6);
        var marks = world.conversations.since(ann, since).marks();
        assertEquals(1, marks.size());
        assertEquals(
                List.of(bob, 3L, 6L),
                List.of(
                        marks.getFirst().user(),
                        marks.getFirst().readSeq(),
                        marks.getFirst().deliveredSeq()));
        assertEquals(world.clock.instant(), marks.getFirst().at());
        world.postgres.with(db -> db.execute("UPDATE conversation SET member_count = 257 WHERE id = ?", talk.value()));
        assertEquals(List.of(), world.conversations.since(ann, since).marks(), "too many to be told to all");
        assertEquals(1, world.conversations.since(bob, since).marks().size(), "but one's own");
    }
}
